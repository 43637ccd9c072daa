// A Slack message body, read far enough to show about what Slack would show.

export interface SlackPart {
  kind: 'header' | 'section' | 'fields' | 'context' | 'divider' | 'actions';
  lines: string[];
}

export interface SlackMessage {
  channel: string;
  text: string;
  parts: SlackPart[];
  /** The coloured bar of a legacy attachment; only the six digits form is taken. */
  color: string | null;
}

/** Slack itself allows 50 blocks; more is cut. */
const kPartsMax = 60;

type Json = Record<string, unknown>;
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null;
const list = (x: unknown): Json[] => (Array.isArray(x) ? x.filter(isObject) : []);
const words = (x: unknown): string =>
  typeof x === 'string' ? x : isObject(x) && typeof x['text'] === 'string' ? x['text'] : '';

export function slackOf(body: string): SlackMessage | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isObject(parsed)) return null;
  const attachments = list(parsed['attachments']);
  const color = attachments.map((a) => a['color']).find((c) => typeof c === 'string');
  const parts = [
    ...list(parsed['blocks']).flatMap(partOf),
    ...attachments.flatMap((a) => [...legacy(a), ...list(a['blocks']).flatMap(partOf)]),
  ];
  return {
    channel: words(parsed['channel']),
    text: words(parsed['text']),
    parts: parts.slice(0, kPartsMax),
    color: typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color) ? color : null,
  };
}

function partOf(block: Json): SlackPart[] {
  switch (block['type']) {
    case 'header': return [{ kind: 'header', lines: [words(block['text'])] }];
    case 'divider': return [{ kind: 'divider', lines: [] }];
    case 'section': {
      const fields = list(block['fields']).map(words);
      const text = words(block['text']);
      return [
        ...(text === '' ? [] : [{ kind: 'section' as const, lines: [text] }]),
        ...(fields.length === 0 ? [] : [{ kind: 'fields' as const, lines: fields }]),
      ];
    }
    case 'context':
    case 'actions':
      return [{ kind: block['type'], lines: list(block['elements']).map(
        (e) => words(e['text']) || words(e['alt_text'])) }];
    default: return [];
  }
}

function legacy(attachment: Json): SlackPart[] {
  const lines = [words(attachment['title']), words(attachment['text'])].filter((t) => t !== '');
  const fields = list(attachment['fields']).map(
    (f) => `*${words(f['title'])}*\n${words(f['value'])}`);
  return [
    ...(lines.length === 0 ? [] : [{ kind: 'section' as const, lines }]),
    ...(fields.length === 0 ? [] : [{ kind: 'fields' as const, lines: fields }]),
  ];
}

export interface Run {
  text: string;
  style: 'plain' | 'bold' | 'italic' | 'code' | 'link';
  href?: string;
}

const kMark = /<(https?:\/\/[^|>]+)(?:\|([^>]*))?>|\*([^*\n]+)\*|_([^_\n]+)_|`([^`\n]+)`/g;

/** Slack's mrkdwn as runs of text; never HTML. Only http links become links. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (const match of text.matchAll(kMark)) {
    if (match.index > from) {
      runs.push({ text: plain(text.slice(from, match.index)), style: 'plain' });
    }
    const [, href, label, bold, italic, code] = match;
    if (href !== undefined) {
      runs.push({ text: plain(label || href), style: 'link', href: plain(href) });
    } else if (bold !== undefined) runs.push({ text: plain(bold), style: 'bold' });
    else if (italic !== undefined) runs.push({ text: plain(italic), style: 'italic' });
    else runs.push({ text: plain(code ?? ''), style: 'code' });
    from = match.index + match[0].length;
  }
  if (from < text.length) runs.push({ text: plain(text.slice(from)), style: 'plain' });
  return runs;
}

/** Slack escapes three characters and no others. */
function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

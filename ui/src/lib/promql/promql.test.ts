import { describe, expect, it } from 'vitest';
import { candidates, fit, kCandidatesMax, wantedAt } from './complete';
import { faultOf } from './place';
import { tokens } from './tokens';

const words = (text: string) => tokens(text).filter((t) => t.kind !== 'space')
  .map((t) => `${t.kind}:${t.text}`).join(' ');

describe('tokens', () => {
  it.each([
    ['a selector', 'up{job="p"}',
      'metric:up other:{ label:job operator:= string:"p" other:}'],
    ['a call with a range', 'rate(x_total[5m])',
      'function:rate other:( metric:x_total other:[ duration:5m other:] other:)'],
    ['an aggregation, grouped before', 'sum by (site) (x)',
      'function:sum keyword:by other:( label:site other:) other:( metric:x other:)'],
    ['one grouped behind', 'sum(x) without(a)',
      'function:sum other:( metric:x other:) keyword:without other:( label:a other:)'],
    ['numbers', '1e-3 + .5 + Inf', 'number:1e-3 operator:+ number:.5 operator:+ number:Inf'],
    ['a comment', 'x # and y\n+ 1', 'metric:x comment:# and y operator:+ number:1'],
    ['an open string', 'x{a="b', 'metric:x other:{ label:a operator:= string:"b'],
    ['an escaped quote', '"a\\"b" x', 'string:"a\\"b" metric:x'],
    ['a recorded name', 'site:bets:rate5m', 'metric:site:bets:rate5m'],
    ['what is no PromQL', '§', 'other:§'],
  ])('%s', (_, text, want) => expect(words(text)).toBe(want));
  it('no letter is lost, whatever the text', () => {
    for (const text of ['a{b=~"c|d"}[5m:1m] @ start() offset -1h', '}}((""\'`', 'ä+"ö', '\n\n#']) {
      expect(tokens(text).map((t) => t.text).join('')).toBe(text);
    }
  });
});

/** `|` is the caret. */
const at = (text: string) => wantedAt(text.replace('|', ''), text.indexOf('|'));

describe('what is wanted at the caret', () => {
  it.each([
    ['the beginning of a name', 'pay|', { kind: 'expression', prefix: 'pay', from: 0, to: 3 }],
    ['within a name', 'pa|yments', { kind: 'expression', prefix: 'pa', from: 0, to: 8 }],
    ['in a call', 'rate(p|', { kind: 'expression', prefix: 'p', from: 5, to: 6 }],
    ['a label', 'x{s|', { kind: 'label', prefix: 's', match: 'x' }],
    ['an empty label', 'x{|}', { kind: 'label', prefix: '', match: 'x' }],
    ['a second label', 'x{a="1",|}', { kind: 'label', prefix: '', match: 'x{a="1"}' }],
    ['a value', 'x{site="m|"}', { kind: 'value', label: 'site', prefix: 'm', match: 'x' }],
    ['an open value', 'x{b="2",site=~"m|',
      { kind: 'value', label: 'site', prefix: 'm', match: 'x{b="2"}', to: 16 }],
    ['values without a name', '{job="|"}', { kind: 'value', label: 'job', match: '' }],
    ['a grouping label', 'sum by (|) (x)', { kind: 'label', match: 'x' }],
    ['a range', 'x[|]', { kind: 'duration', prefix: '' }],
    ['an offset', 'x offset |', { kind: 'duration' }],
    ['after @', 'x @ st|', { kind: 'at', prefix: 'st' }],
    ['a comment', 'x # y|', { kind: 'nothing' }],
    ['a number', 'x + 12|', { kind: 'nothing' }],
    ['a string that is no label\'s', 'label_join(x, "a|")', { kind: 'nothing' }],
    ['where a quote must come', 'x{a=|', { kind: 'nothing' }],
  ])('%s', (_, text, want) => expect(at(text)).toMatchObject(want));
});

describe('candidates', () => {
  const texts = (text: string, known: string[]) =>
    candidates(at(text), known).map((c) => c.text);
  it('metrics that begin so come first, then functions, then the rest', () =>
    expect(texts('ra|', ['xra', 'rank', 'a_ra']).slice(0, 5))
      .toEqual(['rank', 'rad', 'rate', 'a_ra', 'xra']));
  it('the exact name is the first', () =>
    expect(texts('up|', ['upstream', 'up'])[0]).toBe('up'));
  it('nothing typed, nothing offered', () => expect(texts('|', ['a'])).toEqual([]));
  it('labels without the name itself', () =>
    expect(texts('x{|}', ['__name__', 'site'])).toEqual(['site']));
  it('a function comes with its brackets and the caret between them', () =>
    expect(candidates(at('rate|'), [])[0]).toMatchObject({ insert: 'rate()', back: 1 }));
  it('a value is quoted', () =>
    expect(candidates(at('x{a="|"}'), ['say "hi"\\'])[0]!.insert).toBe('say \\"hi\\"\\\\'));
  it('bounded', () => expect(texts('m|', Array.from({ length: 1000 }, (_, i) => `m${i}`)).length)
    .toBe(kCandidatesMax));
  it.each([['payments_ok', 'pok', 4], ['payments_ok', 'ok', 2], ['a', 'b', Infinity]])(
    '%s fits %s: %d', (text, prefix, rank) => expect(fit(text, prefix)).toBe(rank));
});

describe('where a query is wrong', () => {
  it.each([
    ['a word', 'invalid parameter "query": 1:5: parse error: unexpected identifier "bar"',
      'foo bar', 'unexpected identifier "bar"', 'bar'],
    ['the second line', '2:3: parse error: unexpected <op:*>', 'sum(up) +\n  * 3',
      'unexpected <op:*>', '*'],
    ['behind the end', '1:16: parse error: unclosed left parenthesis', 'sum(rate(up[5m]',
      'unclosed left parenthesis', ']'],
    ['bytes are not letters', '1:13: parse error: unexpected right parenthesis', 'up{a="ä"} )',
      'unexpected right parenthesis', ')'],
  ])('%s', (_, message, text, said, underlined) => {
    const fault = faultOf(message, text);
    expect(fault.message).toBe(said);
    expect(text.slice(fault.place!.from, fault.place!.to)).toBe(underlined);
  });
  it('no place, no underline', () =>
    expect(faultOf('query timed out', 'up')).toEqual({ message: 'query timed out', place: null }));
  it('a line that is not there', () =>
    expect(faultOf('7:1: parse error: x', 'up').place).toBeNull());
  it('an empty query', () =>
    expect(faultOf('1:1: parse error: no expression found in input', '').place).toBeNull());
});

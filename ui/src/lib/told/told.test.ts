import { describe, expect, it } from 'vitest';
import { groupingText, repeatText, textOf, toldHref, wordsOf } from './told';

describe('who is told', () => {
  it.each([
    ['', {}, []],
    ['rule=errors  site=madrid', { rule: 'errors', site: 'madrid' }, []],
    ['site="new york", a=1', { site: 'new york', a: '1' }, []],
    ['url=http://a?b=c', { url: 'http://a?b=c' }, []],
    ['empty=', { empty: '' }, []],
    ['madrid =x a=b', { a: 'b' }, ['madrid', '=x']],
  ] as const)('reads labels: %s', (text, labels, wrong) =>
    expect(wordsOf(text)).toEqual({ labels, wrong }));
  it('writes what it reads', () => {
    const labels = { rule: 'errors', site: 'new york', none: '' };
    expect(wordsOf(textOf(labels)).labels).toEqual(labels);
  });
  it('links with an alert filled in', () =>
    expect(toldHref('errors', { site: 'a b' }, 'high'))
      .toBe('/told?labels=rule%3Derrors%20site%3D%22a%20b%22&severity=high'));
  it.each([
    [null, 'each alert alone, at once'],
    [{ by: [], by_all: false, wait_ms: 30_000, interval_ms: 300_000 },
      'in a group all of the route in one: first after 30 s, then at most every 5 min'],
    [{ by: ['site', 'team'], by_all: false, wait_ms: 0, interval_ms: 1000 },
      'in a group by site, team: first after 0 s, then at most every 1 s'],
    [{ by: [], by_all: true, wait_ms: 0, interval_ms: 1000 },
      'in a group by all labels: first after 0 s, then at most every 1 s'],
  ] as const)('says how it is grouped', (one, text) =>
    expect(groupingText(one === null ? null : { ...one, by: [...one.by] })).toBe(text));
  it('says how it is repeated', () => {
    expect(repeatText(null)).toBe('');
    expect(repeatText({ first_ms: 1_800_000, factor: 2, max_ms: 86_400_000 }))
      .toMatch(/after 30 min, each wait 2 times the last, at most/);
  });
});

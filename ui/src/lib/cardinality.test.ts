import { describe, expect, it } from 'vitest';
import {
  cardinalityHref, fillText, fillTone, growerHref, limitText, senderName, troubleText, valuesHref,
} from './cardinality';
import type { SeriesTrouble } from './types';

const trouble = (fields: Partial<SeriesTrouble>): SeriesTrouble => ({
  label: 'service', value: 'checkout', most: 10, used: 10, refused: 0, refused_series: 0,
  refused_lately: 0, added_lately: 0, grew: '', owner_label: '', owner_value: '', began: null,
  last: null, example: '', example_sender: '', example_at: null, ...fields,
});

describe('cardinality', () => {
  it('filters are addresses', () => {
    expect(cardinalityHref({})).toBe('/cardinality');
    expect(cardinalityHref({ label: 'a b' })).toBe('/cardinality?label=a+b');
    expect(cardinalityHref({ sender: 'curl 127.0.0.1' }))
      .toBe('/cardinality?sender=curl+127.0.0.1');
  });
  it('links to Explore only what PromQL can say', () => {
    expect(decodeURIComponent(valuesHref('request_id') ?? '').replaceAll('+', ' '))
      .toContain('topk(20, count by (request_id) ({request_id!=""}))');
    expect(valuesHref('request-id')).toBeNull();
    expect(decodeURIComponent(growerHref('service', 'a"b\\', 'id') ?? '').replaceAll('+', ' '))
      .toContain('topk(20, count by (id) ({service="a\\"b\\\\"}))');
    expect(growerHref('service', 'a', '')).toBeNull();
  });
  it('says how full a limit is in words', () => {
    expect(fillText(10, 10, 0.8)).toBe('10 of 10, 100 %, full');
    expect(fillText(8, 10, 0.8)).toBe('8 of 10, 80 %, nearly full');
    expect(fillText(7, 10, 0.8)).toBe('7 of 10, 70 %');
    expect(fillText(30, 10, 0.8)).toBe('30 of 10, 100 %, full');
    expect([fillTone(10, 10, 0.8), fillTone(8, 10, 0.8), fillTone(7, 10, 0.8)])
      .toEqual(['high', 'low', '']);
  });
  it('says what happened at a limit', () => {
    expect(troubleText(trouble({ refused_series: 1, refused: 9, refused_lately: 9 })))
      .toBe('1 new series refused, 9 times just now');
    expect(troubleText(trouble({ added_lately: 3 }))).toBe('3 new in 15 minutes');
    expect(troubleText(trouble({ refused_series: 2, refused: 5 })))
      .toBe('2 new series refused, over now');
  });
  it('names', () => {
    expect(limitText('', '')).toBe('all series');
    expect(limitText('service', 'a')).toBe('service=a');
    expect(senderName('')).toBe('Tocsin itself');
  });
});

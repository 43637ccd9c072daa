import { describe, expect, it } from 'vitest';
import { against, changeText, group, number, range, restOfTitle, senderText, shortTitle, signed }
  from './format';

describe('number', () => {
  it.each([
    [null, '–'], [undefined, '–'], [NaN, '–'], [Infinity, '–'], [0, '0'], [51, '51'],
    [51.24, '51.2'], [-4.126, '−4.13'], [0.05, '0.05'], [0.00001, '1.0e-5'], [999.4, '999'],
    [999.9, '1\u202f000'],
    [1000, '1\u202f000'],
    [12480, '12\u202f480'], [1e9, '1.00e+9'],
  ])('%s', (value, text) => expect(number(value)).toBe(text));
});

describe('figures', () => {
  it('groups by three with a narrow space', () => {
    expect(group(9_400_000)).toBe('9\u202f400\u202f000');
    expect(group(-1234)).toBe('−1\u202f234');
    expect(group(999)).toBe('999');
  });
  it('signs speeds; what is not known is said', () => {
    expect([0.84, -0.2, 0, 0.04, null].map(signed)).toEqual(['+0.8', '−0.2', '0', '0', 'unknown']);
  });
  it('ranges with one side or none', () => {
    expect(range(118, 151)).toBe('118–151');
    expect(range(null, 5)).toBe('at most 5');
    expect(range(5, null)).toBe('at least 5');
    expect(range(null, null)).toBe('');
  });
});

describe('against', () => {
  it.each([
    ['inside', 134, 118, 151, 'in band'],
    ['on the lower edge', 118, 118, 151, 'in band'],
    ['on the upper edge', 151, 118, 151, 'in band'],
    ['below', 67.25, 118, 151, '50 % below'],
    ['a little above', 161.4, 118, 151, '20 % above'],
    ['many times', 48.8, 4, 12, '6.1× above'],
    ['a band at zero has no percentage', -1, 0, 0, 'below'],
    ['no band', 5, null, null, ''],
    ['no value', null, 1, 2, ''],
  ])('%s', (_, value, lower, upper, text) => expect(against(value, lower, upper)).toBe(text));
});

describe('titles', () => {
  const title = 'payments_ok in madrid 57 % below the expected 118–151, worsening';
  it('a row leaves out what stands beside it', () => {
    expect(shortTitle({ title, scope: { site: 'madrid' } }))
      .toBe('payments_ok 57 % below 118–151, worsening');
    expect(shortTitle({ title: 'x', scope: {} })).toBe('x');
  });
  it('the rest follows its subject', () => {
    expect(restOfTitle(title, 'payments_ok in madrid 57 % below'))
      .toBe(' the expected 118–151, worsening');
    expect(restOfTitle(title, 'something else')).toBe(` ${title}`);
  });
  it('a change without a figure is a direction', () => {
    expect(changeText('57 %', 'below')).toBe('57 % below');
    expect(changeText('', 'above')).toBe('above');
    expect(changeText(null, 'silent')).toBe('silent');
    expect(changeText('3×', null)).toBe('3×');
  });
});

describe('a sender', () => {
  const of = (labels: Record<string, string>, name = 'tocsin_sender') =>
    senderText({ name, labels, text: '' });
  it('is named by its host, else by its address; other series are none', () => {
    expect(of({ sender: 'telegraf 10.0.0.3', host: 'web-3' })).toBe('telegraf on web-3');
    expect(of({ sender: 'telegraf 10.0.0.3' })).toBe('telegraf on 10.0.0.3');
    expect(of({ sender: 'x' })).toBe('x');
    expect(of({ sender: 'telegraf 10.0.0.3' }, 'bets')).toBe(null);
  });
});

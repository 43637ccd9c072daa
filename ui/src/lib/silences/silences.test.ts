import { describe, expect, test } from 'vitest';
import { coming, linesOf, previewText, type MaintenanceWindow, type Preview } from './silences';

const found = (matched: number, open: number, complete = true): Preview =>
  ({ since: 0, matched, open, looked_at: 500, complete, alerts: [] });

describe('what a silence would have hidden', () => {
  test.each([
    ['nothing', found(0, 0), 'No alert of the last 30 days fits.'],
    ['nothing of those looked at', found(0, 0, false), 'None of the newest 500 alerts fits.'],
    ['one', found(1, 0),
      'It would have hidden this alert in the last 30 days; none of them is open now.'],
    ['several, one open', found(14, 1),
      'It would have hidden these 14 alerts in the last 30 days; 1 of them is open now.'],
    ['more than looked at', found(14, 2, false),
      'It would have hidden at least these 14 alerts in the last 30 days; 2 of them are open now.'],
  ])('%s', (_, preview, text) => expect(previewText(preview)).toBe(text));
});

test('matchers stand one a line', () => {
  expect(linesOf(' a=b \n\n c=~"d" ')).toEqual(['a=b', 'c=~"d"']);
});

test('what comes is in order over all windows', () => {
  const window = (name: string, begins: number[]) => ({
    name, coming: begins.map((begin) => ({ begin, end: begin + 1 })),
  }) as MaintenanceWindow;
  expect(coming([window('b', [5, 20]), window('a', [5, 9])])
    .map((one) => `${one.window.name}${one.begin}`)).toEqual(['a5', 'b5', 'a9', 'b20']);
});

import { describe, expect, it } from 'vitest';
import {
  each, fullText, keepText, kinds, size, spans, verifyText, type Resolution, type StoreStats,
} from './store';

const stats: StoreStats = {
  series: 2, journal_bytes: 16e6, journal_bytes_max: 268e6, archive_bytes: 0,
  archive_bytes_max: 0, catalogue_bytes: 150, disk_bytes: 9e6, bytes_per_point: 1.1,
  chunks: { count: 1, points: 128, bytes: 300 },
  resolutions: [
    { resolution: 'raw', points: 900, bytes: 1000, keep_ms: 86_400_000 * 90, available: true },
    { resolution: 'minute', points: 15, bytes: 200, keep_ms: 0, available: false },
  ],
  days: [{ from: Date.UTC(2026, 10, 23), chunks: 1, points: 128, bytes: 300 }],
  partitions: [
    { resolution: 'raw', from: Date.UTC(2026, 10, 12), to: 0, rows: 1, points: 900, bytes: 1000 },
    { resolution: 'raw', from: Date.UTC(2026, 10, 19), to: 0, rows: 2, points: 1, bytes: 10 },
  ],
  oldest: null, newest: null,
};

describe('the store in words', () => {
  it.each([
    [0, '0 B'], [999, '999 B'], [1000, '1 kB'], [1234, '1.23 kB'], [999_400, '999 kB'],
    [999_600, '1 MB'], [268_435_456, '268 MB'], [1.5e9, '1.5 GB'], [2e12, '2 TB'],
  ])('size of %d bytes', (bytes, text) => expect(size(bytes)).toBe(text));

  it('lists what is fresh first, each day and week, the newest first', () => {
    expect(spans(stats).map((one) => one.name))
      .toEqual(['day 2026-11-23', 'week of 2026-11-19', 'week of 2026-11-12']);
    expect(spans(stats)[1]!.pieces).toBe('2 rows');
  });

  it('names every kind once', () => {
    const names = kinds(stats).map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('rollups per minute');
  });

  it.each<[Partial<Resolution>, string]>([
    [{ resolution: 'raw', keep_ms: 0 }, 'for ever'],
    [{ resolution: 'hour', keep_ms: 0 }, 'not made'],
    [{ resolution: 'raw', keep_ms: 86_400_000 * 90 }, '90 days'],
    [{ resolution: 'raw', keep_ms: 86_400_000 }, '1 day'],
    [{ resolution: 'raw', keep_ms: 3_600_000 * 6 }, '6 hours'],
  ])('keeps %j', (one, text) => expect(keepText({
    resolution: 'raw', points: 0, bytes: 0, keep_ms: 0, available: true, ...one,
  })).toBe(text));

  it('says how full it is, and that nothing limits it', () => {
    expect(fullText(201e6, 268e6, 'off')).toBe('201 MB of 268 MB, 75 %');
    expect(fullText(0, 0, 'off')).toBe('off');
    expect(each(10, 0)).toBe('–');
  });

  it.each([
    [{ state: 'none' as const }, 'Not verified since the start.'],
    [{ state: 'running' as const, bytes: 5e6, bytes_total: 2e7 },
      'Reading: 5 MB of about 20 MB.'],
    [{ state: 'done' as const, points: 1000, files: 1, damaged: 0 },
      '1\u202f000 points in 1 file: everything that was read checks out.'],
    [{ state: 'done' as const, points: 1, files: 2, damaged: 1 },
      '1 points in 2 files: 1 place is damaged.'],
    [{ state: 'failed' as const, error: 'no disk' }, 'It failed: no disk.'],
  ])('verify %j', (verify, text) => expect(verifyText(verify)).toBe(text));
});

// The stand-in's store: docs/http-api.md's shapes. A verify is running for one more question, a packing for three.
const kDay = 86_400_000;
const kWeek = 7 * kDay;

const damage = 'stored points of requests{site="madrid"} from 2026-11-20T00:00:00Z to ' +
  '2026-11-20T23:59:59.999Z do not check out and are missing';

export function makeStore() {
  const state = { verify: { state: 'none' }, packing: 0 };
  const rest = { started: 1, bytes: 4_000_000, bytes_total: 16_000_000, series: 1200, chunks: 9100, rows: 40,
    points: 7_100_000, rollups: 1_200_000, files: 12, damaged: 0, damage: [], damaged_files: [], unused_files: [], notes: [] };
  return (method, path, now, calm) => {
    const day = Math.floor(now / kDay) * kDay, week = Math.floor(now / kWeek) * kWeek;
    if (path === '/api/store/stats') {
      return [200, calm ? empty : {
        series: 1200, journal_bytes: 201_326_592, journal_bytes_max: 268_435_456, archive_bytes: 61_000_000,
        archive_bytes_max: 2_147_483_648, catalogue_bytes: 148_000, disk_bytes: 16_200_000, bytes_per_point: 1.134,
        chunks: { count: 9100, points: 1_160_000, bytes: 2_900_000 },
        resolutions: [
          { resolution: 'raw', points: 7_200_000, bytes: 6_500_000, keep_ms: 90 * kDay, available: true, from: now - 90 * kDay, to: null },
          { resolution: 'minute', points: 1_200_000, bytes: 5_100_000, keep_ms: 400 * kDay, available: true, from: now - 400 * kDay, to: day },
          { resolution: 'hour', points: 20_000, bytes: 90_000, keep_ms: 0, available: false }],
        days: [{ from: day, chunks: 9100, points: 1_160_000, bytes: 2_900_000 }],
        partitions: [week, week - kWeek].flatMap((from) => ['raw', 'minute'].map((resolution) => ({
          resolution, from, to: from + kWeek - 1, rows: 626, points: 3_600_000, bytes: 3_250_000 }))),
        oldest: now - 90 * kDay, newest: now,
      }];
    }
    if (path === '/api/store/verify' && method === 'POST') {
      state.verify = { state: 'running', ...rest };
      return [202, state.verify];
    }
    if (path === '/api/store/verify') {
      const told = state.verify;
      if (told.state === 'running') {
        state.verify = { ...rest, state: 'done', ended: now, bytes: 16_000_000, damaged: 1, damage: [{ text: damage }] };
      }
      return [200, told];
    }
    if (path === '/api/store/compact') {
      state.packing = method === 'POST' ? 4 : Math.max(0, state.packing - 1);
      const told = { state: state.packing > 0 ? 'running' : 'idle' };
      return [method === 'POST' ? 202 : 200, told];
    }
    return null;
  };
}

const empty = {
  series: 0, journal_bytes: 16_777_216, journal_bytes_max: 0, archive_bytes: 0, archive_bytes_max: 0, catalogue_bytes: 0,
  disk_bytes: 0, bytes_per_point: null, chunks: { count: 0, points: 0, bytes: 0 },
  resolutions: ['raw', 'minute', 'hour'].map((resolution) => ({ resolution, points: 0, bytes: 0, keep_ms: 0,
    available: resolution === 'raw', from: null, to: null })),
  days: [], partitions: [], oldest: null, newest: null,
};

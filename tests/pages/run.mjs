// Drives the pages in a real Chromium. TOCSIN_URL names a running program; without it the mock of
// this folder serves ui/dist. TOCSIN_STORY says that the program is a quick start whose first alert
// is open; `policy`: that it runs policy/ and its alert is open. `node run.mjs WORD` runs the tests whose name holds the word.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Harness } from './harness.mjs';
import { startMock } from './mock.mjs';
import { access } from './access.mjs';
import { anyServer } from './any.mjs';
import { boards } from './boards.mjs';
import { budget } from './budget.mjs';
import { watch } from './watch.mjs';
import { cardinality, cardinalityStory } from './cardinality.mjs';
import { causes } from './causes.mjs';
import { coverage } from './coverage.mjs';
import { escalation, policyStory } from './escalation.mjs';
import { explore } from './explore.mjs';
import { manager } from './manager.mjs';
import { managerStory } from './manager_real.mjs';
import { oncall } from './oncall.mjs';
import { quickStart } from './story.mjs';
import { scripted } from './scripted.mjs';
import { silences } from './silences.mjs';
import { store } from './store.mjs';
import { told } from './told.mjs';
import { trends } from './trends.mjs';
import { workshop } from './workshop.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const given = process.env.TOCSIN_URL;
const policy = Boolean(given && process.env.TOCSIN_STORY === 'policy');
const story = Boolean(given && process.env.TOCSIN_STORY) && !policy;
const mock = given ? null
  : await startMock(process.env.TOCSIN_DIST ?? join(root, 'ui', 'dist'));
const harness = new Harness(
  given ? given.replace(/\/$/, '') : mock.url,
  process.env.TOCSIN_SHOTS ?? join(root, 'build', 'screenshots'),
);

if (policy) policyStory(harness);
else anyServer(harness, mock !== null || story);
if (story) {
  quickStart(harness);
  cardinalityStory(harness);
  managerStory(harness);
}
if (mock) {
  scripted(harness, mock);
  explore(harness, mock);
  access(harness, mock);
  boards(harness, mock);
  cardinality(harness, mock);
  budget(harness, mock);
  watch(harness, mock);
  silences(harness, mock);
  store(harness, mock);
  coverage(harness, mock);
  manager(harness, mock);
  oncall(harness, mock);
  escalation(harness, mock);
  told(harness, mock);
  trends(harness, mock);
  causes(harness, mock);
  workshop(harness, mock);
}
const good = await harness.run(process.argv[2]);
mock?.close();
process.exit(good ? 0 : 1);

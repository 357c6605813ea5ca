// Reads { address, email, password, public, signedIn } from standard input and prints, for each of those paths, a line of JSON:
// Lighthouse's accessibility score of the page once it is alive, and what cost it points.
import puppeteer from 'puppeteer-core';
import { snapshot } from 'lighthouse';

let source = '';
for await (const chunk of process.stdin) {
  source += chunk;
}

const task = JSON.parse(source);
// Chromium's sandbox does not start as root, which is who continuous integration runs as.
const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  // A tablet, between the desk and the phone that other tests look at.
  await page.setViewport({ width: 820, height: 1180 });

  async function look(path, alive) {
    await page.goto(new URL(path, task.address), { waitUntil: 'load' });
    await page.waitForSelector(alive);
    const { lhr } = await snapshot(page, { flags: { onlyCategories: ['accessibility'], logLevel: 'error' } });
    const lost = lhr.categories.accessibility.auditRefs
      .filter(({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1)
      .map(({ id }) => `${id}: ${lhr.audits[id].title}\n${(lhr.audits[id].details?.items ?? []).map(({ node }) => `  ${node?.snippet}\n  ${node?.explanation}`).join('\n')}`);
    console.log(JSON.stringify({ path: new URL(page.url()).pathname, score: Math.round(lhr.categories.accessibility.score * 100), lost }));
  }

  for (const path of task.public) {
    await look(path, 'h1');
  }

  await page.goto(new URL('/Account/Login', task.address));
  await page.type('#email', task.email);
  await page.type('#password', task.password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) button[type=submit]')]);
  for (const path of task.signedIn) {
    await look(path, '[data-live]');
  }
} finally {
  await browser.close();
}

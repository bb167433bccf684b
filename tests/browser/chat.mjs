// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// A person's way through the chat page: log in, ask, read the answer. Prints one JSON line; pictures in OUTPUT.
//   PASSWORD=… node chat.mjs URL E-MAIL QUESTION EXPECTED OUTPUT
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { closeGreeting, logIn, open, watch } from './person.mjs';

const [url, email, question, expected, output] = process.argv.slice(2);
const home = new URL(url);
const patience = Number(process.env.PATIENCE_MS ?? 90000);
mkdirSync(output, { recursive: true });

const browser = await open(chromium);
const { page, outside, failed } = await watch(browser, home);

const started = Date.now();
const report = { ok: false, step: 'open the page' };
const picture = (name) => page.screenshot({ path: `${output}/${name}.png` });
try {
  await logIn(page, home, email, process.env.PASSWORD ?? '', patience, () => {
    report.step = 'log in';
    return picture('login');
  });
  report.step = 'reach the chat';
  const prompt = page.locator('#chat-input');
  await prompt.waitFor({ timeout: patience });
  await closeGreeting(page);
  report.step = 'ask';
  await prompt.click();
  await page.keyboard.type(question);
  await page.keyboard.press('Enter');
  report.step = 'read the answer';
  // inside the reply itself: the chat's title in the side bar is made by the model too
  const reply = page.locator('.chat-assistant');
  await reply.getByText(expected).first().waitFor({ timeout: patience });
  report.answer = (await reply.last().innerText()).trim();
  await picture('chat');
  report.ok = outside.size === 0;
  report.step = report.ok ? 'done' : 'stay inside the appliance';
} catch (error) {
  report.error = String(error.message).split('\n')[0];
  report.page = (await page.locator('body').innerText().catch(() => '')).slice(0, 800);
  await picture('failure').catch(() => {});
}
Object.assign(report, { seconds: (Date.now() - started) / 1000, outside: [...outside], failed: failed.slice(0, 10) });
console.log(JSON.stringify(report));
await browser.close();
process.exit(report.ok ? 0 : 1);

// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// A user's way with a file: log in, see the thinking, ask about an upload; and what a user without rights does not get.
// Prints one JSON line; pictures in OUTPUT.
//   PASSWORD=… node documents.mjs URL E-MAIL EXPECTED OUTPUT user FILE     asks about FILE
//   PASSWORD=… node documents.mjs URL E-MAIL EXPECTED OUTPUT guest         has no model and no administration
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { chromium } from 'playwright-core';
import { closeGreeting, logIn, open, watch } from './person.mjs';

const [url, email, expected, output, kind, file] = process.argv.slice(2);
const home = new URL(url);
const patience = Number(process.env.PATIENCE_MS ?? 120000);
mkdirSync(output, { recursive: true });

const browser = await open(chromium);
const { page, outside, failed } = await watch(browser, home);
const report = { ok: false, step: 'log in' };
const picture = (name) => page.screenshot({ path: `${output}/${name}.png` });
const answers = {}; // what the interface told this user's own session
page.on('response', async (response) => {
  const path = new URL(response.url()).pathname;
  if (path === '/api/models') answers.models = ((await response.json().catch(() => ({}))).data ?? []).map((m) => m.id);
});
try {
  await logIn(page, home, email, process.env.PASSWORD ?? '', patience);
  const prompt = page.locator('#chat-input');
  await prompt.waitFor({ timeout: patience });
  await closeGreeting(page);
  if (kind === 'user') await askAboutFile(prompt);
  else await findNothing();
  report.ok = outside.size === 0;
  report.step = report.ok ? 'done' : 'stay inside the appliance';
} catch (error) {
  report.error = String(error.message).split('\n')[0];
  report.page = (await page.locator('body').innerText().catch(() => '')).slice(0, 800);
  await picture('failure').catch(() => {});
}
Object.assign(report, { models: answers.models, outside: [...outside], failed: failed.slice(0, 10) });
console.log(JSON.stringify(report));
await browser.close();
process.exit(report.ok ? 0 : 1);

async function askAboutFile(prompt) {
  report.step = 'upload';
  const uploaded = page.waitForResponse((r) => new URL(r.url()).pathname.startsWith('/api/v1/files') && r.request().method() === 'POST', { timeout: patience });
  await page.locator('input[type=file]').first().setInputFiles(file);
  report.upload = (await uploaded).status();
  const { id } = await (await uploaded).json();
  await page.getByText(basename(file)).first().waitFor({ timeout: patience });
  report.read = await page.evaluate(async (address) => { // its text is read on the node
    const headers = { Authorization: `Bearer ${localStorage.token}` };
    for (let tries = 0; tries < 30; tries += 1) {
      const { content } = await (await fetch(address, { headers })).json();
      if (content) return content;
      await new Promise((again) => setTimeout(again, 1000));
    }
    return '';
  }, `/api/v1/files/${id}/data/content`);
  report.step = 'ask about it';
  const asked = page.waitForRequest((r) => r.method() === 'POST' && r.url().includes('/chat/completions'), { timeout: patience });
  await prompt.click();
  await page.keyboard.type('请概括附件的内容。');
  await page.keyboard.press('Enter');
  report.files = (JSON.parse((await asked).postData() ?? '{}').files ?? []).map((f) => f.name);
  report.step = 'read the answer';
  const reply = page.locator('.chat-assistant');
  await reply.getByText(expected).first().waitFor({ timeout: patience });
  await picture('upload');
  report.step = 'see the thinking';
  const thought = reply.getByRole('button').filter({ hasText: /思考|Thought|Thinking/ }).first();
  await thought.waitFor({ timeout: patience });
  await thought.click();
  await page.waitForTimeout(800);
  report.answer = (await reply.last().innerText()).trim();
  await picture('thinking');
}

async function findNothing() {
  report.step = 'look for a model';
  await page.waitForTimeout(3000);
  await picture('no-model');
  report.step = 'try the administration';
  await page.goto(new URL('/admin/users', home).href, { waitUntil: 'domcontentloaded', timeout: patience });
  await page.waitForTimeout(4000);
  report.landed = new URL(page.url()).pathname;
  await picture('no-administration');
  report.refused = await page.evaluate(async () => {
    const headers = { Authorization: `Bearer ${localStorage.token}`, 'Content-Type': 'application/json' };
    const tries = {
      users: ['/api/v1/users/', {}],
      groups: ['/api/v1/groups/create', { method: 'POST', body: '{"name":"mine","description":""}' }],
      engines: ['/openai/config', {}],
    };
    const found = {};
    for (const [name, [path, how]] of Object.entries(tries)) found[name] = (await fetch(path, { headers, ...how })).status;
    return found;
  });
}

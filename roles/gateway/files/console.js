// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The console's page: shows the files that the collector writes, and never changes anything.

const WORDS = { // Chinese, English
  overview: ['总览', 'Overview'], engine: ['引擎', 'Engine'], nodes: ['节点', 'Nodes'], use: ['用量', 'Use'], reports: ['报告', 'Reports'],
  log: ['日志', 'Log'], well: ['一切正常', 'All is well'], wrong: ['项异常', 'things are wrong'], more: ['其他异常', 'What else is wrong'],
  old: ['数据已停止更新，请在节点上执行 `systemctl restart yitiji-console`', 'the figures are old: run `systemctl restart yitiji-console` on the node'],
  out: ['请先以管理员身份登录对话页面', 'Sign in to the chat page as an administrator first'], signin: ['登录', 'Sign in'],
  silent: ['一体机无应答', 'The appliance does not answer'],
  unwatched: ['没有性能数据：请设置 `appliance_monitoring: true` 并重新运行 site.yml', 'There are no figures: set `appliance_monitoring: true` and run site.yml again'],
  ttft: ['首词元延迟（中位数）', 'First token (median)'], ttft95: ['首词元延迟（95%）', 'First token (95 %)'],
  tpot: ['每词元耗时（中位数）', 'Time per token (median)'], tpot95: ['每词元耗时（95%）', 'Time per token (95 %)'],
  tokens: ['输出词元/秒', 'Tokens/s out'], prompt: ['输入词元/秒', 'Tokens/s in'], running: ['正在生成', 'Running'], waiting: ['排队', 'Waiting'],
  day_tokens: ['24 小时输出词元', 'Tokens out, 24 h'], day_requests: ['24 小时请求数', 'Requests, 24 h'], kv: ['KV 缓存', 'KV cache'],
  preempted: ['抢占', 'Preemptions'], ended: ['每秒完成的请求', 'Requests ended/s'], certificate: ['证书剩余', 'Certificate left'],
  backup: ['上次备份', 'Last backup'], never: ['从未', 'never'], days: ['天', 'days'], ago: ['小时前', 'h ago'], weights: ['权重校验', 'Weights verified'],
  yes: ['是', 'yes'], no: ['否', 'no'], versions: ['版本与方案', 'Versions and plan'], same: ['与方案一致', 'as planned'], other: ['与方案不一致', 'not as planned'],
  cards: ['显卡', 'Cards'], gpu_use: ['利用率', 'Use'], gpu_memory: ['显存', 'Memory'], gpu_temperature: ['温度 ℃', 'Temperature ℃'], gpu_power: ['功率 W', 'Power W'],
  gpu_ecc: ['不可纠正的坏行', 'Rows remapped'], gpu_xid: ['XID', 'XID'], cpu: ['CPU', 'CPU'], memory: ['内存', 'Memory'],
  disk: ['磁盘', 'Disk'], received: ['网络接收 B/s', 'Network in B/s'], sent: ['网络发送 B/s', 'Network out B/s'], up: ['在线', 'Reached'],
  hour: ['一小时', 'Hour'], day: ['一天', 'Day'], range: ['时间范围', 'Range'], figure: ['指标', 'Figure'], unit: ['服务单元', 'Unit'],
  plan: ['方案预测', 'What the plan predicts'], at_once: ['并发数', 'At once'], team: ['团队', 'Team'], person: ['用户', 'Person'], requests: ['请求数', 'Requests'],
  failed: ['失败', 'Failed'], date: ['日期', 'Day'], model: ['模型', 'Model'], csv: ['下载 CSV', 'Download CSV'], none: ['没有数据', 'Nothing yet'],
  report: ['报告', 'Report'], written: ['生成时间', 'Written'], size: ['项目', 'What'],
};
const VIEWS = ['overview', 'engine', 'nodes', 'use', 'reports', 'log'];
const SHARES = new Set(['cpu', 'memory', 'disk', 'kv', 'gpu_use', 'gpu_memory']);
const $ = (query) => document.querySelector(query);
const asked = document.documentElement.dataset.language;
let language = localStorage.getItem('yitiji-language') ?? (asked === 'zh' || asked === 'en' ? asked : navigator.language.startsWith('zh') ? 'zh' : 'en');
let view = '', state = null, range = 'hour', figure = 'gpu_use', unit = '', parts = {}, moment = 0;

const t = (word) => WORDS[word]?.[language === 'zh' ? 0 : 1] ?? word;
const told = (text) => text?.[language] ?? '';
const when = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleString(language) : t('never'));

function el(tag, given = {}, ...inner) {
  const svg = ['svg', 'path'].includes(tag);
  const made = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...inner.flat().filter((part) => part !== null && part !== undefined));
  return made;
}
// A text with its commands set apart.
const rich = (text) => String(text).split('`').map((part, place) => (place % 2 ? el('code', {}, part) : part));

function shown(name, value) {
  if (value === null || value === undefined) return '–';
  if (SHARES.has(name)) return `${Math.round(value * 100)} %`;
  if (/^(ttft|tpot)/.test(name)) return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
  return value >= 10000 ? new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value) : String(value < 1000 ? Number(value.toPrecision(3)) : Math.round(value));
}
const box = (name, value, kind = '') => el('div', { class: 'box' }, t(name), el('b', { class: kind }, value));
const table = (heads, rows) => el('table', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, t(head)))), rows.map((row) => el('tr', {}, row.map((cell) => el('td', {}, cell)))));
const one = (name) => state.figures[name]?.[0]?.[1] ?? null;
const labelOf = (labels) => Object.entries(labels).map(([name, value]) => (name === 'instance' ? state.engines[value] ?? value : value)).join(' ');

// Lines over time; the value under the pointer is told below, as is the last one.
function chart(name, { start, step, count }, rows, small = false) {
  const most = SHARES.has(name) ? 1 : Math.max(...rows.flatMap(([, values]) => values)) || 1;
  const path = (values) => values.map((value, x) => (value === null ? '' : `${values[x - 1] === null || !x ? 'M' : 'L'}${x} ${(100 - (value / most) * 94).toFixed(1)}`)).join('');
  const said = (place) => `${new Date((start + place * step) * 1000).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' })} · ${rows.slice(0, 6).map(([, values]) => shown(name, values[place])).join(' / ')}`;
  const below = el('small', {}, said(count - 1));
  const drawing = el('svg', { viewBox: `0 0 ${count - 1} 100`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${t(name)}: ${rows.map(([label, values]) => `${label} ${shown(name, values.at(-1))}`).join(', ')}`,
    onpointermove: (event) => { const { left, width } = drawing.getBoundingClientRect(); below.textContent = said(Math.min(count - 1, Math.max(0, Math.round(((event.clientX - left) / width) * (count - 1))))); },
    onpointerleave: () => { below.textContent = said(count - 1); } },
  rows.map(([, values], place) => el('path', { class: `c${place % 6}`, d: path(values) })));
  return el('figure', {}, el('figcaption', {}, small ? rows[0][0] : t(name)), drawing, el('small', {}, `0 – ${shown(name, most)}`, ' · ', below),
    small || rows.length < 2 ? null : el('div', {}, rows.slice(0, 6).map(([label], place) => el('span', { class: `key c${place % 6}` }, label))));
}

function charts(part, names) {
  const found = parts[`${part}-${range}`];
  if (!found) return [el('p', { class: 'dim' }, ...rich(t(state.watched ? 'none' : 'unwatched')))];
  return names.filter((name) => found.rows[name]?.length).map((name) => chart(name, found, found.rows[name].map(([labels, values]) => [labelOf(labels), values])));
}

// Cards by node, from rows of several figures.
function cards() {
  const nodes = {};
  for (const name of ['gpu_use', 'gpu_memory', 'gpu_temperature', 'gpu_power', 'gpu_ecc', 'gpu_xid'])
    for (const [{ node, gpu }, value] of state.figures[name] ?? []) ((nodes[node] ??= {})[gpu] ??= {})[name] = value;
  return Object.entries(nodes).sort().map(([node, found]) => [el('h2', {}, `${node} · ${t('cards')}`), el('div', { class: 'grid' },
    Object.keys(found).sort((a, b) => a - b).map((gpu) => {
      const card = found[gpu];
      const bad = [card.gpu_ecc && `${t('gpu_ecc')}: ${card.gpu_ecc}`, card.gpu_xid && `XID ${card.gpu_xid}`].filter(Boolean);
      return el('div', { class: 'box' }, el('strong', {}, `GPU ${gpu}`), ` ${shown('gpu_use', card.gpu_use)}`,
        el('meter', { value: card.gpu_use ?? 0, 'aria-label': `GPU ${gpu} ${t('gpu_use')}` }), `${t('gpu_memory')} ${shown('gpu_memory', card.gpu_memory)}`,
        el('meter', { value: card.gpu_memory ?? 0, 'aria-label': `GPU ${gpu} ${t('gpu_memory')}` }), `${shown('', card.gpu_temperature)} ℃ · ${shown('', card.gpu_power)} W`,
        bad.length ? el('div', { class: 'fail' }, bad.join(', ')) : null);
    }))]);
}

const choice = (name, values, now, pick) => el('select', { 'aria-label': t(name), onchange: (event) => { pick(event.target.value); refresh(); } },
  values.map((value) => el('option', { value, selected: value === now }, t(value))));
const controls = {
  engine: () => [choice('range', ['hour', 'day'], range, (value) => { range = value; })],
  nodes: () => [...controls.engine(), choice('figure', ['gpu_use', 'gpu_memory', 'gpu_temperature', 'gpu_power', 'gpu_xid'], figure, (value) => { figure = value; })],
  log: () => [choice('unit', Object.keys(parts.log ?? {}), unit, (value) => { unit = value; })],
};
const wanted = { engine: () => `engine-${range}`, nodes: () => `nodes-${range}`, use: () => 'use', reports: () => 'reports', log: () => 'log' };

const bodies = {
  overview() {
    const left = state.certificate ? Math.floor((state.certificate - state.at) / 86400) : null;
    const backup = state.backup.made ? Math.round((state.at - state.backup.made) / 3600) : null;
    const weights = (state.figures.weights ?? []).map(([, value]) => value);
    return [
      state.wrong.length > 1 ? el('section', {}, el('h2', {}, t('more')), state.wrong.slice(1).map(problem)) : null,
      state.watched ? null : el('p', { class: 'dim' }, rich(t('unwatched'))),
      el('div', { class: 'grid' }, ['ttft', 'tokens', 'running', 'waiting', 'day_tokens', 'day_requests'].map((name) => box(name, shown(name, one(name)))),
        box('certificate', left === null ? '–' : `${left} ${t('days')}`, left !== null && left < 30 ? 'warn' : ''),
        box('backup', backup === null ? t('never') : `${backup} ${t('ago')}`, backup === null ? 'warn' : ''),
        box('weights', weights.length ? t(Math.min(...weights) ? 'yes' : 'no') : '–', weights.includes(0) ? 'fail' : '')),
      cards(), nodes(),
      state.versions.length ? [el('h2', {}, t('versions')), table(['unit', 'size', 'versions'], state.versions.map(({ unit: name, image, same }) => [name, image, t(same ? 'same' : 'other')]))] : null,
    ];
  },
  engine() {
    const speeds = Object.entries(state.speed).filter(([, found]) => found.predicted).map(([model, found]) => [el('h2', {}, `${t('plan')}: ${model}`), table(['at_once', 'ttft', 'tokens'],
      found.rows.map((row) => [row.concurrency, row.first_token_seconds.map((value) => shown('ttft', value)).join(' – '), row.total_tokens_per_second.map((value) => shown('', value)).join(' – ')]))]);
    return [el('div', { class: 'grid wide' }, charts('engine', ['tokens', 'prompt', 'ttft', 'ttft95', 'tpot', 'tpot95', 'running', 'waiting', 'kv', 'preempted', 'ended'])), speeds];
  },
  nodes() {
    const found = parts[`nodes-${range}`], by = {};
    for (const [labels, values] of found?.rows[figure] ?? []) (by[labels.node] ??= []).push([labels.gpu, values]);
    return [el('div', { class: 'grid wide' }, charts('nodes', ['cpu', 'memory', 'disk', 'received', 'sent'])),
      Object.entries(by).sort().map(([node, rows]) => [el('h2', {}, `${node} · ${t('cards')} · ${t(figure)}`), el('div', { class: 'grid' },
        rows.sort((a, b) => a[0] - b[0]).map(([gpu, values]) => chart(figure, found, [[`GPU ${gpu}`, values]], true)))])];
  },
  use() {
    const rows = Object.entries(parts.use?.rows ?? {}).reverse().map(([key, counts]) => [...key.split('\t'), ...counts]);
    const days = Object.entries(parts.use?.tokens ?? {}).flatMap(([model, values]) => values.map(([end, count]) => [new Date(end * 1000 - 1).toISOString().slice(0, 10), model, shown('', Number(count))])).reverse();
    return [el('p', {}, el('a', { href: 'data/use.csv', download: true }, t('csv'))), rows.length ? table(['date', 'team', 'person', 'requests', 'failed'], rows) : el('p', {}, t('none')),
      days.length ? [el('h2', {}, t('tokens').split('/')[0]), table(['date', 'model', 'day_tokens'], days)] : null];
  },
  reports: () => [table(['report', 'written'], (parts.reports ?? []).map(([name, time]) => [el('a', { href: `reports/${encodeURIComponent(name)}`, target: '_blank', rel: 'noopener' }, name), when(time)]))],
  log: () => [el('pre', { tabindex: 0, 'aria-label': t('log') }, parts.log?.[unit] || t('none'))],
};

function nodes() {
  const found = {};
  for (const name of ['up', 'cpu', 'memory']) for (const [{ node }, value] of state.figures[name] ?? []) (found[node] ??= {})[name] = value;
  for (const [{ node, mountpoint }, value] of state.figures.disk ?? []) ((found[node] ??= {}).disk ??= []).push(`${mountpoint} ${shown('disk', value)}`);
  return Object.keys(found).length ? [el('h2', {}, t('nodes')), table(['nodes', 'up', 'cpu', 'memory', 'disk'], Object.entries(found).sort().map(([node, row]) => [node, t(row.up ? 'yes' : 'no'), shown('cpu', row.cpu), shown('memory', row.memory), (row.disk ?? []).join(', ')]))] : null;
}

const problem = ({ what, more, fix, rule }) => el('p', {}, el('strong', { class: 'fail' }, rich(told(what))), more ? [' ', ...rich(told(more))] : [], ' → ', ...rich(told(fix)), rule ? [' ', el('a', { href: `/help/${rule}` }, rule)] : []);

function say(kind, ...inner) {
  const place = $('#state'), made = el('p', {}, ...inner);
  place.className = `verdict ${kind}`;
  if (place.innerHTML !== made.innerHTML) place.replaceChildren(...made.childNodes); // a reader of the screen is told of changes alone
}

async function fetched(name) {
  const answer = await fetch(`data/${name}.json`, { cache: 'no-store' });
  if (answer.status === 401) throw new Error('out');
  moment = Date.parse(answer.headers.get('Date')) / 1000 || moment; // the appliance's clock, not the reader's
  return answer.ok ? answer.json() : null;
}

async function refresh() {
  try {
    state = (await fetched('state')) ?? state;
    const name = wanted[view]?.();
    if (name && !(parts.until > moment && parts[name])) parts = { [name]: await fetched(name), until: moment + 25 };
  } catch (error) {
    if (error.message === 'out') say('warn', t('out'), ' ', el('a', { href: '/' }, t('signin')));
    else say('fail', t('silent'));
    return;
  }
  if (state) draw();
}

function draw() {
  $('#host').textContent = [state.host, ...state.models, when(state.at)].join(' · ');
  if (moment - state.at > 90) say('warn', ...rich(t('old')));
  else if (state.wrong.length) say('fail', `${state.wrong.length} ${t('wrong')}${language === 'zh' ? '：' : ': '}`, ...problem(state.wrong[0]).childNodes);
  else say('pass', t('well'));
  if (view === 'log') unit ||= Object.entries(parts.log ?? {}).find(([, text]) => text)?.[0] ?? '';
  const tools = $('#tools');
  if (tools.dataset.view !== view + language || (view === 'log' && !tools.querySelector('option'))) {
    tools.replaceChildren(...(controls[view]?.() ?? []));
    tools.dataset.view = view + language;
  }
  $('#body').replaceChildren(...bodies[view]().flat(9).filter(Boolean));
}

function show() {
  view = VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'overview';
  document.documentElement.lang = language;
  $('nav').setAttribute('aria-label', t('overview'));
  $('nav').replaceChildren(...VIEWS.map((name) => el('a', { href: `#${name}`, 'aria-current': name === view && 'page' }, t(name))),
    el('button', { lang: language === 'zh' ? 'en' : 'zh', onclick: () => { language = language === 'zh' ? 'en' : 'zh'; localStorage.setItem('yitiji-language', language); show(); } }, language === 'zh' ? 'English' : '中文'));
  refresh();
}

$('main').append(el('div', { id: 'tools' }), el('div', { id: 'body' }));
addEventListener('hashchange', show);
setInterval(() => document.hidden || refresh(), 10000); // as often as the collector writes
show();

// What nginx's own words cannot say: the hash of a caller's key, how long the model still takes to load, what one request asks of
// the engine, and whose sign-in this is.
import crypto from 'crypto';
import fs from 'fs';
import judge from 'judge.js';
import limits from 'limits.js';
import secret from 'device.js';

const REMEMBERED_DAYS = 180;
const UNLOCKED = '/var/lib/yitiji/gateway-unlocked';

// nginx's maps know the hashes alone, so the configuration holds no team's key.
function key(r) {
    const found = /^Bearer +(\S+) *$/i.exec(r.headersIn['Authorization'] || '');
    return found ? crypto.createHash('sha256').update(found[1]).digest('hex') : '';
}

// systemd makes this link anew at every start of a unit: its age is how long the engine has been starting.
function wait(r) {
    const whole = Number(r.variables.yitiji_start_seconds);
    try {
        const link = fs.lstatSync('/run/systemd/units/invocation:' + r.variables.yitiji_unit + '.service');
        return String(Math.max(5, Math.ceil(whole - (Date.now() - link.mtimeMs) / 1000)));
    } catch (e) {
        return String(whole);
    }
}

// In the language that the appliance speaks; without one, in both.
function spoken(english, chinese) {
    return limits.language === 'zh' ? chinese : limits.language === 'en' ? english : english + ' / ' + chinese;
}

function answer(r, status, body) {
    r.headersOut['Content-Type'] = 'application/json; charset=utf-8';
    r.return(status, JSON.stringify(body));
}

function refuse(r, status, param, message, code) {
    r.variables.yitiji_refused = param || code;
    answer(r, status, { error: { message: message, type: 'invalid_request_error', param: param, code: code } });
}

// A request to the API, whole in memory: within the limits it goes to the engine of the model that it names. Whom the first
// engine does not know, it refuses itself.
async function ask(r) {
    const names = r.variables.yitiji_models.split(' ');
    if (r.method === 'GET') {
        if (r.uri === '/v1/models' && names.length > 1) {
            await list(r, names.length);
        } else {
            r.internalRedirect('@yitiji_model_0');
        }
        return;
    }
    // An engine that unpacks would read what was not judged.
    if (r.headersIn['Content-Encoding']) {
        refuse(r, 415, null, spoken('Send the request without a content encoding.', '请不要压缩请求。'), 'unsupported_encoding');
        return;
    }
    if (limits.audit && closed(r)) {
        return;
    }
    const found = judge.judge(r.requestText || '', r.method + ' ' + r.uri, limits);
    if (limits.audit && typeof found.model === 'string') {
        r.variables.yitiji_model = found.model.slice(0, 200);
    }
    if (found.fault) {
        const said = found.fault;
        refuse(r, 400, said.param, spoken(said.english, said.chinese), said.param ? 'limit_exceeded' : 'invalid_request');
        return;
    }
    r.internalRedirect('@yitiji_model_' + Math.max(0, names.indexOf(found.model)));
}

// Whether nobody may ask, or this caller no more today: the audit's collector says it, and refuses here.
function closed(r) {
    let said = {};
    try {
        said = JSON.parse(fs.readFileSync(limits.audit.state, 'utf8'));
        if (Date.now() - fs.statSync(limits.audit.state).mtimeMs > 60000) { // the collector renews it every few seconds
            said.stop = said.stop || limits.audit.stop;
        }
    } catch (e) {
        said = { stop: limits.audit.stop };
    }
    const v = r.variables;
    const who = v.yitiji_page ? 'person ' + (v.yitiji_mail || v.yitiji_user || '-') : 'team ' + v.yitiji_team;
    const over = said.over && said.over[who];
    if (said.stop && limits.audit.refuse) {
        v.yitiji_refused = 'audit';
        answer(r, 503, { error: { message: spoken(said.stop.en, said.stop.zh), type: 'server_error', param: null, code: 'not_recorded' } });
        return true;
    }
    if (over && over.until > Date.now() / 1000) {
        v.yitiji_refused = 'quota';
        v.yitiji_retry = String(Math.ceil(over.until - Date.now() / 1000));
        answer(r, 429, { error: { message: spoken(over.en, over.zh), type: 'requests', param: null, code: 'quota_exceeded' } });
        return true;
    }
    return false;
}

// What an answer says of its tokens. njs frees nothing before a request ends (about 1.4 KB for each piece), so pieces are only looked through.
let rest = '';
let pieces = 0;
let kept = '';
let told = ['', ''];

function count(r, data, flags) {
    r.sendBuffer(data, flags);
    if (data.length === 0) {
        return;
    }
    for (let at = data.indexOf('data: {'); at >= 0; at = data.indexOf('data: {', at + 7)) {
        pieces += 1;
    }
    if (limits.audit.content && kept.length < limits.audit.content) {
        kept += data.toString();
    }
    const whole = data[data.length - 1] === 10;
    if (rest === '' && whole && data.indexOf('"usage":{') < 0 && data.indexOf('"usage": {') < 0) {
        return;
    }
    const text = rest + data.toString();
    const found = /[^\\]"usage"\s*:\s*(\{[\s\S]*)$/.exec(text);
    if (found) {
        told = ['prompt', 'completion'].map((name, i) => {
            const hit = new RegExp('"' + name + '_tokens"\\s*:\\s*(\\d+)').exec(found[1]);
            return hit ? hit[1] : told[i];
        });
    }
    rest = whole ? '' : text.slice(-512);
}

function prompted() {
    return told[0];
}

function answered() {
    return told[1];
}

function counted() {
    return String(pieces || '');
}

function said() {
    return kept.slice(0, limits.audit.content);
}

// Whose session a request to the page brings. The page judges it: of a request that it took, this is who asked.
function bearer(r) {
    const cookies = (r.headersIn['Cookie'] || '').split(/; */).filter((one) => /^ *token=/.test(one));
    const cookie = cookies.length === 1 && /=(.+)/.exec(cookies[0]); // of several the page takes another one than we would
    const shown = /^Bearer +(\S+)/i.exec(r.headersIn['Authorization'] || '') || cookie;
    try {
        return String(JSON.parse(Buffer.from(shown[1].split('.')[1], 'base64url').toString()).id).slice(0, 64);
    } catch (e) {
        return '';
    }
}

async function list(r, count) {
    const found = [];
    for (let i = 0; i < count; i++) {
        const reply = await r.subrequest('/yitiji-models/' + i);
        if (reply.status === 200) {
            JSON.parse(reply.responseText).data.forEach((one) => found.push(one));
        }
    }
    if (found.length === 0) {
        r.internalRedirect('@yitiji_503');
        return;
    }
    answer(r, 200, { object: 'list', data: found });
}

// A sign-in: by whom, and whether from where this account signed in before. Attempts from elsewhere are counted together, so
// that strangers use up no attempt of people whose browser is known.
function signIn(r) {
    let account = '';
    try {
        account = named(r);
    } catch (e) {
        answer(r, 400, { detail: spoken('The request is no JSON.', '请求不是有效的 JSON。') });
        return;
    }
    const until = Math.floor(Date.now() / 1000) + REMEMBERED_DAYS * 86400;
    r.variables.yitiji_account = digest(account);
    if (limits.audit) {
        r.variables.yitiji_typed = account;
    }
    r.variables.yitiji_remember = cookie(account) + '=' + until + '.' + mark(account, until)
        + '; Path=/api/v1/auths; Max-Age=' + REMEMBERED_DAYS * 86400 + '; Secure; HttpOnly; SameSite=Lax';
    r.internalRedirect('@yitiji_sign_in' + (letIn(r.remoteAddress) ? '_let_in' : known(r, account) ? '_known' : ''));
}

function named(r) {
    const body = JSON.parse(r.requestText);
    const account = String((/ldap/.test(r.uri) ? body.user : body.email) || '').toLowerCase(); // what the page reads there
    // Other letters could be another spelling of an account that is known by these.
    return /^[\x21-\x7e]{1,200}$/.test(account) ? account : '?';
}

function digest(account) {
    return crypto.createHash('sha256').update(account).digest('hex').slice(0, 32);
}

function cookie(account) {
    return 'yitiji-device-' + digest(account).slice(0, 8);
}

function mark(account, until) {
    return crypto.createHmac('sha256', secret).update(digest(account) + '.' + until).digest('hex');
}

function known(r, account) {
    const cookies = r.headersIn['Cookie'] || '';
    const all = cookies.split(/; */).filter((one) => one.indexOf(cookie(account) + '=') === 0).slice(0, 8);
    const now = Math.floor(Date.now() / 1000);
    return all.some((one) => {
        const parts = one.slice(one.indexOf('=') + 1).split('.');
        return Number(parts[0]) > now && parts[1] === mark(account, parts[0]);
    });
}

// Addresses that an operator let in with the program gateway-unlock, a line each: address, and its end in seconds since 1970.
function letIn(address) {
    const now = Math.floor(Date.now() / 1000);
    try {
        return fs.readFileSync(UNLOCKED, 'utf8').split('\n').some((line) => {
            const words = line.split(' ');
            return words[0] === address && Number(words[1]) > now;
        });
    } catch (e) {
        return false;
    }
}

// After a good sign-in the browser is remembered for this account.
function remember(r) {
    if (r.status === 200) {
        r.headersOut['Set-Cookie'] = (r.headersOut['Set-Cookie'] || []).concat([r.variables.yitiji_remember]);
    }
}

// What the page says of itself to everybody: its version only to those who are signed in.
async function about(r) {
    // Who shows nothing to be known by is not asked about: a flood by strangers costs the page one request each, not two.
    if (r.headersIn.Authorization || r.headersIn.Cookie) {
        const session = await r.subrequest('/yitiji-page/session');
        if (session.status === 200) {
            r.internalRedirect('@yitiji_page');
            return;
        }
    }
    const reply = await r.subrequest(r.uri === '/api/config' ? '/yitiji-page/config' : '/yitiji-page/version');
    try {
        const body = JSON.parse(reply.responseText);
        if (body.version) {
            body.version = '';
        }
        answer(r, reply.status, body);
    } catch (e) {
        r.return(reply.status);
    }
}

// Who else has an account: for administrators.
async function people(r) {
    const session = await r.subrequest('/yitiji-page/session');
    try {
        if (session.status === 200 && JSON.parse(session.responseText).role === 'admin') {
            r.internalRedirect('@yitiji_page');
            return;
        }
    } catch (e) {
        // no answer of the page: nobody is known
    }
    answer(r, session.status === 200 ? 403 : 401, { detail: spoken('Only for administrators.', '仅限管理员。') });
}

export default { key, wait, ask, signIn, remember, about, people, count, prompted, answered, counted, said, bearer };

// What nginx's own words cannot say: the hash of a caller's key, and how long the model still takes to load.
import crypto from 'crypto';
import fs from 'fs';

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

// Several models, one address: the name in the request decides. Whom the first engine does not know, it refuses itself.
async function choose(r) {
    const names = r.variables.yitiji_models.split(' ');
    if (r.method === 'GET' && r.uri === '/v1/models') {
        await list(r, names.length);
        return;
    }
    let number = 0;
    try {
        number = Math.max(0, names.indexOf(JSON.parse(r.requestText).model));
    } catch (e) {
        // no JSON: the engine says what is wrong with it
    }
    r.internalRedirect('@yitiji_model_' + number);
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
    r.headersOut['Content-Type'] = 'application/json';
    r.return(200, JSON.stringify({ object: 'list', data: found }));
}

export default { key, wait, choose };

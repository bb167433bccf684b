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

export default { key, wait };

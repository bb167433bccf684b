// What one request may ask of an engine. Pure: text in, a fault or nothing out. The limits are those of limits.js; 0 of a number
// that bounds an answer's length means that the model's context alone bounds it.
const COUNTS = ['n', 'best_of', 'n_cmpl'];
const LENGTHS = ['max_tokens', 'max_completion_tokens', 'min_tokens', 'n_predict', 'min_new_tokens', 'max_new_tokens'];
const LISTS = ['stop_token_ids', 'allowed_token_ids', 'logprob_token_ids', 'bad_words', 'documents'];
const FORMATS = ['response_format', 'structured_outputs', 'json_schema', 'grammar', 'regex', 'ebnf'];
const TOOLS = ['tools', 'functions'];
// Numbers of a JSON schema by which a grammar grows.
const REPEATS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties', 'minContains', 'maxContains'];
const EXPRESSIONS = ['pattern', 'regex', 'grammar', 'ebnf', 'structural_tag', 'whitespace_pattern', 'lark'];

function fault(param, english, chinese) {
    return { param: param, english: english, chinese: chinese };
}

function above(param, most, unit, unitZh) {
    return fault(param, param + ' is more than ' + most + ' ' + unit + '.', param + ' 超过 ' + most + ' ' + unitZh + '。');
}

function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Engines read "16", 16.0 and true as numbers too: only a number is taken for one here.
function whole(value) {
    return typeof value === 'number' && isFinite(value) && Math.floor(value) === value;
}

function first(list, look) {
    for (let i = 0; i < list.length; i++) {
        const found = look(list[i], i);
        if (found) {
            return found;
        }
    }
    return null;
}

function given(body, name) {
    return body[name] !== undefined && body[name] !== null;
}

function numbers(body, names, most, unit, unitZh) {
    return first(names.filter((name) => given(body, name)), (name) => {
        if (!whole(body[name])) {
            return fault(name, name + ' must be a whole number.', name + ' 必须是整数。');
        }
        return most !== null && body[name] > most ? above(name, most, unit, unitZh) : null;
    });
}

// How many answers the engine works at: prompts times answers each.
function sequences(body, limits) {
    const wrong = numbers(body, COUNTS, limits.sequences, 'answers', '个回答');
    if (wrong) {
        return wrong;
    }
    const each = Math.max(1, given(body, 'n') ? body.n : 1, given(body, 'best_of') ? body.best_of : 1);
    const prompts = entries(body.prompt);
    if (prompts * each > limits.sequences) {
        return above('prompt', limits.sequences, 'answers (prompts times n)', '个回答（提示数乘以 n）');
    }
    return null;
}

// Entries of a list of prompts; a list of numbers is one prompt in tokens.
function entries(value) {
    return Array.isArray(value) && value.length > 0 && typeof value[0] !== 'number' ? value.length : 1;
}

function lengths(body, limits) {
    return numbers(body, LENGTHS, limits.answer_tokens || null, 'tokens', '个 token');
}

function probabilities(body, limits) {
    const names = ['top_logprobs', 'n_probs', 'top_logprobs_num'];
    if (given(body, 'logprobs') && typeof body.logprobs !== 'boolean') {
        names.push('logprobs');
    }
    const wrong = numbers(body, names, limits.logprobs, 'tokens', '个 token')
        || numbers(body, ['prompt_logprobs'], limits.prompt_logprobs, 'tokens', '个 token');
    if (wrong) {
        return wrong;
    }
    // -1 is the whole vocabulary
    const low = first(names.concat(['prompt_logprobs']), (name) => given(body, name) && body[name] < 0 ? name : null);
    if (low) {
        return fault(low, low + ' must not be below 0.', low + ' 不能小于 0。');
    }
    const asked = first(['logprobs', 'logprob_token_ids'].concat(names), (name) => {
        return given(body, name) && body[name] !== false ? name : null;
    });
    if (asked && limits.logprobs === 0 && !(asked === 'top_logprobs' && body[asked] === 0)) {
        return fault(asked, asked + ' is not allowed here.', '本机不允许 ' + asked + '。');
    }
    if (given(body, 'prompt_logprobs') && limits.prompt_logprobs === 0) {
        return fault('prompt_logprobs', 'prompt_logprobs is not allowed here.', '本机不允许 prompt_logprobs。');
    }
    if (body.echo && given(body, 'logprobs') && body.logprobs !== false && limits.prompt_logprobs === 0) {
        return fault('echo', 'echo with logprobs is not allowed here.', '本机不允许同时使用 echo 与 logprobs。');
    }
    return null;
}

function beams(body, limits) {
    return body.use_beam_search && !limits.beam_search
        ? fault('use_beam_search', 'use_beam_search is not allowed here.', '本机不允许 use_beam_search。')
        : null;
}

function lists(body, limits) {
    const stops = typeof body.stop === 'string' ? [body.stop] : body.stop;
    if (given(body, 'stop')) {
        if (!Array.isArray(stops) || !stops.every((one) => typeof one === 'string')) {
            return fault('stop', 'stop must be a text or a list of texts.', 'stop 必须是文本或文本列表。');
        }
        if (stops.length > limits.stop) {
            return above('stop', limits.stop, 'texts', '个文本');
        }
        if (stops.some((one) => one.length > limits.stop_length)) {
            return above('stop', limits.stop_length, 'characters', '个字符');
        }
    }
    return first(LISTS.filter((name) => given(body, name)), (name) => {
        if (!Array.isArray(body[name])) {
            return fault(name, name + ' must be a list.', name + ' 必须是列表。');
        }
        return body[name].length > limits.list ? above(name, limits.list, 'entries', '项') : null;
    }) || bias(body, limits);
}

function bias(body, limits) {
    if (!given(body, 'logit_bias')) {
        return null;
    }
    const value = body.logit_bias;
    const count = Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : -1;
    if (count < 0) {
        return fault('logit_bias', 'logit_bias must be an object.', 'logit_bias 必须是对象。');
    }
    return count > limits.list ? above('logit_bias', limits.list, 'entries', '项') : null;
}

function formats(body, limits) {
    return first(FORMATS.filter((name) => given(body, name)), (name) => {
        if (JSON.stringify(body[name]).length > limits.format_bytes) {
            return above(name, limits.format_bytes, 'bytes', '字节');
        }
        const holder = {};
        holder[name] = body[name];
        return schema(holder, name, limits);
    });
}

function tools(body, limits) {
    return first(TOOLS.filter((name) => given(body, name)), (name) => {
        if (!Array.isArray(body[name])) {
            return fault(name, name + ' must be a list.', name + ' 必须是列表。');
        }
        if (body[name].length > limits.tools) {
            return above(name, limits.tools, 'tools', '个工具');
        }
        if (JSON.stringify(body[name]).length > limits.tools_bytes) {
            return above(name, limits.tools_bytes, 'bytes', '字节');
        }
        return forced(body) ? schema(body[name], name, limits) : null;
    });
}

// Whether a tool's schema becomes a grammar: a tool that the model may leave aside does not.
function forced(body) {
    const choice = body.tool_choice;
    const strict = TOOLS.some((name) => (Array.isArray(body[name]) ? body[name] : []).some((one) => {
        return isObject(one) && (one.strict || (isObject(one.function) && one.function.strict));
    }));
    return strict || (given(body, 'tool_choice') && choice !== 'auto' && choice !== 'none');
}

// Counts and expressions in a schema: few bytes of them make a grammar that takes minutes to compile.
function schema(value, param, limits) {
    if (Array.isArray(value)) {
        return first(value, (one) => schema(one, param, limits));
    }
    if (typeof value === 'string' && /^\s*\{/.test(value)) { // a schema may come as a text
        let inner = null;
        try {
            inner = JSON.parse(value);
        } catch (e) {
            return null;
        }
        return schema(inner, param, limits);
    }
    if (!isObject(value)) {
        return null;
    }
    return first(Object.keys(value), (name) => {
        const one = value[name];
        if (REPEATS.indexOf(name) >= 0 && typeof one !== 'object' && !(Number(one) <= limits.repeats)) {
            return above(param + ': ' + name, limits.repeats, 'times', '次');
        }
        if (EXPRESSIONS.indexOf(name) >= 0 && typeof one === 'string' && one[0] !== '{') {
            return expression(one, param, limits);
        }
        return schema(one, param, limits);
    });
}

function expression(text, param, limits) {
    if (text.length > limits.expression) {
        return above(param, limits.expression, 'characters of an expression', '个表达式字符');
    }
    const most = limits.repeats;
    const found = text.replace(/\s+/g, '').match(/\{\d+(,\d*)?\}|\{,\d+\}/g) || [];
    let product = 1;
    found.forEach((one) => {
        const many = (one.match(/\d+/g) || []).map(Number);
        product *= many.length ? Math.max(1, many[many.length - 1]) : 1;
    });
    // one inside another multiply
    return product > most ? above(param, most, 'repetitions of an expression', '次表达式重复') : null;
}

function conversation(body, limits) {
    if (!given(body, 'messages')) {
        return null;
    }
    const messages = body.messages;
    if (!Array.isArray(messages)) {
        return fault('messages', 'messages must be a list.', 'messages 必须是列表。');
    }
    let parts = messages.length;
    let media = 0;
    let outside = false;
    messages.forEach((message) => {
        const content = isObject(message) ? message.content : message; // a list of conversations: each is one entry
        (Array.isArray(content) ? content : []).forEach((part) => {
            parts += 1;
            Object.keys(isObject(part) ? part : {}).forEach((name) => {
                if (/^(image|audio|video|input_audio|input_image|file)/.test(name)) {
                    const url = isObject(part[name]) ? part[name].url : part[name];
                    media += 1;
                    outside = outside || (typeof url === 'string' && !/^data:/.test(url));
                }
            });
        });
    });
    if (parts > limits.messages) {
        return above('messages', limits.messages, 'messages and parts', '条消息或片段');
    }
    if (media > limits.media) {
        return above('messages', limits.media, 'images and recordings', '个图像或音频');
    }
    if (outside && !limits.media_urls) {
        return fault('messages', 'An image or recording must be in the request itself (data:).', '图像和音频必须包含在请求中（data:）。');
    }
    return null;
}

function inputs(body, limits) {
    const many = Math.max(entries(body.input), entries(body.documents), entries(body.queries));
    return many > limits.inputs ? above('input', limits.inputs, 'entries', '项') : null;
}

// Templates are programs: a caller brings none, under whichever name.
function template(body) {
    const options = body.chat_template_kwargs;
    if (given(body, 'chat_template') || (isObject(options) && Object.keys(options).some((name) => /template|tokenize/.test(name)))) {
        return fault('chat_template', 'A template of your own is not allowed here.', '本机不允许自带对话模板。');
    }
    if (given(body, 'chat_template_kwargs') && (!isObject(options) || JSON.stringify(options).length > 2048)) {
        return above('chat_template_kwargs', 2048, 'bytes', '字节');
    }
    return null;
}

const RULES = [sequences, lengths, probabilities, beams, lists, formats, tools, conversation, inputs, template];

function unknown(body, names) {
    return first(Object.keys(body), (name) => {
        if (names.indexOf(name) >= 0) {
            return null;
        }
        const said = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : '?';
        return fault(said, 'The parameter ' + said + ' is not allowed here.', '本机不允许参数 ' + said + '。');
    });
}

// A request to `route` as it came: its first fault or null, and the model it names. A route without names of its own takes any
// parameter within the limits, and what is no JSON.
function judge(text, route, limits) {
    const names = limits.parameters[route];
    let body = null;
    try {
        body = JSON.parse(text);
    } catch (e) {
        const wrong = fault(null, 'The request is no JSON: ' + e.message + '.', '请求不是有效的 JSON。');
        return { fault: names === undefined ? null : wrong };
    }
    if (!isObject(body)) {
        return { fault: fault(null, 'The request must be a JSON object.', '请求必须是 JSON 对象。') };
    }
    const wrong = (names === undefined ? null : unknown(body, names.concat(limits.more)))
        || first(RULES, (rule) => rule(body, limits));
    return { fault: wrong, model: body.model };
}

export default { judge };

// What one request may ask of an engine. Pure: text in, a fault or nothing out. The limits are those of limits.js; 0 of a number
// that bounds an answer's length means that the model's context alone bounds it.
const COUNTS = ['n', 'best_of', 'n_cmpl'];
const LENGTHS = ['max_tokens', 'max_completion_tokens', 'min_tokens', 'n_predict', 'min_new_tokens', 'max_new_tokens'];
const TOKENS = ['stop_token_ids', 'allowed_token_ids', 'logprob_token_ids'];
const LISTS = TOKENS.concat(['documents']);
const TEXTS = ['stop', 'bad_words']; // each is looked for after every token
const FORMATS = ['response_format', 'structured_outputs', 'json_schema', 'grammar', 'regex', 'ebnf'];
const TOOLS = ['tools', 'functions'];
// Numbers of a JSON schema by which a grammar grows.
const REPEATS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties', 'minContains', 'maxContains'];
// The largest number of a token, and of a count, that engines have room for.
const LARGEST = 2147483647;
// What sampling can compute with: beyond it an engine may end, and with it everybody's answers.
const RANGES = {
    temperature: [0, 100], top_p: [0, 1], min_p: [0, 1], typical_p: [0, 1], tfs_z: [0, 100], top_k: [-1, LARGEST],
    presence_penalty: [-2, 2], frequency_penalty: [-2, 2], repetition_penalty: [0.01, 100], repeat_penalty: [0.01, 100],
    length_penalty: [-100, 100], seed: [-9.2e18, 1.84e19], truncate_prompt_tokens: [-1, LARGEST], stream_interval: [1, LARGEST],
    thinking_token_budget: [-1, LARGEST], repeat_last_n: [-1, LARGEST], mirostat: [0, 2], mirostat_tau: [0, 100], mirostat_eta: [0, 100],
    dimensions: [1, LARGEST],
};
// What the template's own function takes: a caller's word for it would replace the engine's.
const TEMPLATES_OWN = /template|tokeniz|padding|truncation|max_length|^return_|^conversation$|^messages$|^tools$|^documents$|_kwargs$/;
// So many times the bound of one is the bound of all.
const TOGETHER = 16;
// An expression that repeats costs some engines the square of it (4,096 times: 4 s), and so do the names of one object (2,400: 3 s).
const OF_EXPRESSIONS = 8;
const MOST_NAMES = 512;
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
    return numbers(body, LENGTHS, limits.answer_tokens || LARGEST, 'tokens', '个词元');
}

function ranges(body) {
    return first(Object.keys(RANGES).filter((name) => given(body, name)), (name) => {
        const least = RANGES[name][0];
        const most = RANGES[name][1];
        return typeof body[name] === 'number' && body[name] >= least && body[name] <= most ? null
            : fault(name, name + ' must be a number from ' + least + ' to ' + most + '.', name + ' 必须是 ' + least + ' 至 ' + most + ' 的数。');
    });
}

function token(value) {
    return whole(value) && value >= 0 && value <= LARGEST;
}

// Numbers of tokens, in a list or a list of lists: one below 0 is none, and reads what is no word.
function numbered(value) {
    if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
            if (typeof value[i] === 'number' ? !token(value[i]) : !numbered(value[i])) {
                return false;
            }
        }
    }
    return true;
}

function tokens(body) {
    const wrong = first(['prompt', 'input'], (name) => numbered(body[name]) ? null : name)
        || first(TOKENS, (name) => !Array.isArray(body[name]) || body[name].every(token) ? null : name);
    return wrong ? fault(wrong, wrong + ': a token is a whole number from 0.', wrong + '：词元编号必须是不小于 0 的整数。') : null;
}

function probabilities(body, limits) {
    const names = ['top_logprobs', 'n_probs', 'top_logprobs_num'];
    if (given(body, 'logprobs') && typeof body.logprobs !== 'boolean') {
        names.push('logprobs');
    }
    const wrong = numbers(body, names, limits.logprobs, 'tokens', '个词元')
        || numbers(body, ['prompt_logprobs'], limits.prompt_logprobs, 'tokens', '个词元');
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
        return fault(asked, asked + ' is not allowed here.', '本服务不允许 ' + asked + '。');
    }
    if (given(body, 'prompt_logprobs') && limits.prompt_logprobs === 0) {
        return fault('prompt_logprobs', 'prompt_logprobs is not allowed here.', '本服务不允许 prompt_logprobs。');
    }
    if (body.echo && given(body, 'logprobs') && body.logprobs !== false && limits.prompt_logprobs === 0) {
        return fault('echo', 'echo with logprobs is not allowed here.', '本服务不允许同时使用 echo 与 logprobs。');
    }
    return null;
}

function beams(body, limits) {
    return body.use_beam_search && !limits.beam_search
        ? fault('use_beam_search', 'use_beam_search is not allowed here.', '本服务不允许 use_beam_search。')
        : null;
}

function lists(body, limits) {
    return first(TEXTS.filter((name) => given(body, name)), (name) => {
        const texts = typeof body[name] === 'string' ? [body[name]] : body[name];
        if (!Array.isArray(texts) || !texts.every((one) => typeof one === 'string')) {
            return fault(name, name + ' must be a text or a list of texts.', name + ' 必须是文本或文本列表。');
        }
        if (texts.length > limits.stop) {
            return above(name, limits.stop, 'texts', '个文本');
        }
        return texts.some((one) => one.length > limits.stop_length) ? above(name, limits.stop_length, 'characters', '个字符') : null;
    }) || first(LISTS.filter((name) => given(body, name)), (name) => {
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
    if (count > limits.list) {
        return above('logit_bias', limits.list, 'entries', '项');
    }
    const named = Array.isArray(value) ? [] : Object.keys(value);
    return named.every((one) => token(Number(one)) && Math.abs(value[one]) <= 100) ? null
        : fault('logit_bias', 'logit_bias: from -100 to 100 for each token.', 'logit_bias：每个词元为 -100 至 100。');
}

function formats(body, limits, spent) {
    return first(FORMATS.filter((name) => given(body, name)), (name) => {
        if (JSON.stringify(body[name]).length > limits.format_bytes) {
            return above(name, limits.format_bytes, 'bytes', '字节');
        }
        const holder = {};
        holder[name] = body[name];
        return schema(holder, name, limits, spent);
    });
}

function tools(body, limits, spent) {
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
        return forced(body) ? schema(body[name], name, limits, spent) : null;
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

// Counts and expressions in a schema: few bytes of them make a grammar that takes minutes to compile. Each has a bound, and all of
// a request together have one.
function schema(value, param, limits, spent) {
    if (Array.isArray(value)) {
        return first(value, (one) => schema(one, param, limits, spent));
    }
    if (typeof value === 'string' && /^\s*\{/.test(value)) { // a schema may come as a text
        let inner = null;
        try {
            inner = JSON.parse(value);
        } catch (e) {
            return null;
        }
        return schema(inner, param, limits, spent);
    }
    if (!isObject(value)) {
        return null;
    }
    return first(Object.keys(value), (name) => {
        const one = value[name];
        if (REPEATS.indexOf(name) >= 0 && typeof one !== 'object') {
            return Number(one) <= limits.repeats ? spend(Number(one), param, limits, spent)
                : above(param + ': ' + name, limits.repeats, 'times', '次');
        }
        if (EXPRESSIONS.indexOf(name) >= 0 && typeof one === 'string' && one[0] !== '{') {
            return expression(one, param, limits, spent);
        }
        const names = name === 'properties' && isObject(one) ? Object.keys(one).length : 0;
        if (names > MOST_NAMES) {
            return above(param + ': properties', MOST_NAMES, 'names', '个名称');
        }
        const keys = name === 'patternProperties' && isObject(one) ? Object.keys(one) : []; // these are expressions, too
        return first(keys, (key) => expression(key, param, limits, spent)) || schema(one, param, limits, spent);
    });
}

function spend(count, param, limits, spent) {
    spent.repeats += Math.max(0, count);
    const most = limits.repeats * TOGETHER;
    return spent.repeats > most ? above(param, most, 'repetitions in all', '次重复（合计）') : null;
}

function expression(text, param, limits, spent) {
    if (text.length > limits.expression) {
        return above(param, limits.expression, 'characters of an expression', '个表达式字符');
    }
    const most = Math.ceil(limits.repeats / OF_EXPRESSIONS);
    const found = text.replace(/\s+/g, '').match(/\{\d+(,\d*)?\}|\{,\d+\}|~\d+(\.\.\d+)?/g) || [];
    let product = 1;
    found.forEach((one) => {
        const many = (one.match(/\d+/g) || []).map(Number);
        product *= many.length ? Math.max(1, many[many.length - 1]) : 1;
    });
    // one inside another multiply
    return product > most ? above(param, most, 'repetitions of an expression', '次表达式重复') : spend((product - 1) * OF_EXPRESSIONS, param, limits, spent);
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
    // Whatever holds parts, however deep; a list of conversations, too.
    const look = (content, depth) => {
        if (Array.isArray(content) && depth < 4) {
            content.forEach((part) => {
                parts += 1;
                look(part, depth + 1);
            });
            return;
        }
        Object.keys(isObject(content) ? content : {}).forEach((name) => {
            if (/^(image|audio|video|input_audio|input_image|file)/.test(name)) {
                const url = isObject(content[name]) ? content[name].url : content[name];
                media += 1;
                outside = outside || [].concat(url).some((one) => typeof one === 'string' && !/^data:/.test(one));
            }
        });
    };
    messages.forEach((message) => look(isObject(message) ? message.content : message, 0));
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
    if (given(body, 'chat_template') || (isObject(options) && Object.keys(options).some((name) => TEMPLATES_OWN.test(name)))) {
        return fault('chat_template', 'A template of your own is not allowed here.', '本服务不允许自带对话模板。');
    }
    if (given(body, 'chat_template_kwargs') && (!isObject(options) || JSON.stringify(options).length > 2048)) {
        return above('chat_template_kwargs', 2048, 'bytes', '字节');
    }
    return null;
}

const RULES = [sequences, lengths, ranges, tokens, probabilities, beams, lists, formats, tools, conversation, inputs, template];

function unknown(body, names) {
    return first(Object.keys(body), (name) => {
        if (names.indexOf(name) >= 0) {
            return null;
        }
        const said = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : '?';
        return fault(said, 'The parameter ' + said + ' is not allowed here.', '本服务不允许参数 ' + said + '。');
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
    const spent = { repeats: 0 };
    const wrong = (names === undefined ? null : unknown(body, names.concat(limits.more)))
        || first(RULES, (rule) => rule(body, limits, spent));
    return { fault: wrong, model: body.model };
}

export default { judge };

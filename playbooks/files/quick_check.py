# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the model talk? Transformers alone: one question with --ask, else a page (Gradio) on loopback."""

import argparse
import threading

import gradio
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer


def load(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    cuda = torch.cuda.is_available()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", device_map="auto" if cuda else None)
    return tokenizer, model.eval()


def answer(tokenizer, model, messages, tokens):
    """The answer as it grows."""
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    words = tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(model.device)
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    settings = {"max_new_tokens": tokens, "do_sample": True, "temperature": 0.6, "top_p": 0.95}
    work = threading.Thread(target=model.generate, kwargs={**words, **settings, "streamer": streamer}, daemon=True)
    work.start()
    text = ""
    for piece in streamer:
        text += piece
        yield text
    work.join()


def page(tokenizer, model, options):
    def reply(message, history):
        turns = [{"role": turn["role"], "content": turn["content"]} for turn in history]
        yield from answer(tokenizer, model, [*turns, {"role": "user", "content": message}], options.tokens)

    chat = gradio.ChatInterface(reply, title=options.model.rstrip("/").rsplit("/", 1)[-1])
    chat.launch(server_name="127.0.0.1", server_port=options.port, share=False, quiet=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder with config.json, tokenizer and safetensors")
    parser.add_argument("--ask", help="one question; the answer is printed")
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--port", type=int, default=7860)
    options = parser.parse_args()
    tokenizer, model = load(options.model)
    if not options.ask:
        return page(tokenizer, model, options)
    texts = list(answer(tokenizer, model, [{"role": "user", "content": options.ask}], options.tokens))
    print(texts[-1].strip() if texts else "")
    return 0 if texts and texts[-1].strip() else 1


if __name__ == "__main__":
    raise SystemExit(main())

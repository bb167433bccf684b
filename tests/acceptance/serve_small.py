# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp's server with a small model, run by the Python of small.py's environment. Its address is the first line."""

from __future__ import annotations

import argparse
import os
import time

import xllamacpp

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--template", default="", help="a file; without it llama.cpp takes ChatML")
parser.add_argument("--embed", action="store_true", help="embeddings instead of answers")
parser.add_argument("--core", type=int, help="the one that it may use")
options = parser.parse_args()
if options.core is not None:
    os.sched_setaffinity(0, {options.core})

params = xllamacpp.CommonParams()
params.model.path = options.model
params.hostnames, params.port = ["127.0.0.1"], 0
params.n_ctx, params.n_parallel, params.use_jinja = 8192, 2, True
params.cpuparams.n_threads, params.cache_ram_mib = 1, 0  # no prompt is kept beside the places
if options.template:
    with open(options.template, encoding="utf-8") as stream:
        params.chat_template = stream.read()
if options.embed:
    params.embedding, params.n_parallel = True, 1
    params.n_ctx = params.n_batch = params.n_ubatch = 2048
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
while True:
    time.sleep(3600)

"""Completion at the prompt: what may follow the words that were typed.

It answers while somebody types, so it loads no parser: options.json, generated from the parser,
says which options there are and what they take.
"""

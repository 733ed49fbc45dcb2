"""Commands, each in the file of its name: parse, call one workflow, show one view.

A file is loaded when its command is. Annotations are not postponed, because typer reads them.
"""

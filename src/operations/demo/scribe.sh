#!/bin/sh
# Writes down what it is told, in notes.md.
echo "scribe: tell me something, and it goes into notes.md"
while read -r line; do
    printf -- '- %s\n' "$line" >>notes.md
    echo "scribe: noted as line $(wc -l <notes.md) of notes.md"
done

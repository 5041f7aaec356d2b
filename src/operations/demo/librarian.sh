#!/bin/sh
# Tells where the project's files mention a word.
echo "librarian: give me a word, and I tell where it stands"
while read -r word; do
    git grep --untracked -nIF -e "$word" || echo "librarian: \"$word\" stands nowhere"
done

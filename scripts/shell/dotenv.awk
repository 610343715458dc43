# The only reader of .env. Reads one from standard input as Compose does and prints `NAME=value`, a
# line each; the last of a name counts. What versions of Compose read differently (an expansion, an
# escape, a # behind a tab) is refused with one line on standard error and exit code 64.
# Run with LC_ALL=C: bytes pass through as they are.

function refuse(why) {
    print "lab: .env, line " NR ": " why | "cat >&2"
    close("cat >&2")
    exit 64
}

# The text of a double-quoted value, with \" and \\ as the character that they stand for.
function unescaped(text,    found) {
    while (match(text, /\\["\\]/)) {
        found = found substr(text, 1, RSTART - 1) substr(text, RSTART + 1, 1)
        text = substr(text, RSTART + 2)
    }
    return found text
}

function single_quoted(value) {
    if (!match(value, /^'[^']*'/)) refuse("a quote is not closed on its line")
    text = substr(value, 2, RLENGTH - 2)
    rest = substr(value, RLENGTH + 1)
    if (text ~ /\\/) refuse("a backslash cannot stand in single quotes: use double quotes and \\\\")
    if (text ~ /\$\{/) refuse("${...} is not expanded here: write the value itself")
}

function double_quoted(value,    plain) {
    if (!match(value, /^"([^"\\]|\\.)*"/)) refuse("a quote is not closed on its line")
    text = substr(value, 2, RLENGTH - 2)
    rest = substr(value, RLENGTH + 1)
    plain = text
    gsub(/\\["\\]/, "", plain)
    if (plain ~ /\\/) refuse("a backslash in double quotes stands before \" or \\ only")
    if (plain ~ /\$/) refuse("a value with $ stands in single quotes; nothing is expanded")
    text = unescaped(text)
}

function unquoted(value) {
    if (value ~ /^#/) refuse("a value that begins with # stands in quotes")
    if (value ~ /\302\240/) refuse("a no-break space stands in quotes")
    text = value
    rest = ""
    sub(/ #.*$/, "", text)
    if (text ~ /\t#/) refuse("a comment stands behind a space, not a tab")
    sub(/[ \t]+$/, "", text)
    if (text ~ /\$/) refuse("a value with $ stands in single quotes; nothing is expanded")
}

{
    line = $0
    if (NR == 1) sub(/^\357\273\277/, "", line)
    sub(/\r$/, "", line)
    gsub(/^[ \t]+|[ \t]+$/, "", line)
    if (line == "" || line ~ /^#/) next
    if (line ~ /[\001-\010\013-\037\177]/) refuse("a control character cannot stand here")
    sub(/^export[ \t]+/, "", line)
    if (!match(line, /^[^=# \t"']+/)) refuse("write NAME=value")
    name = substr(line, 1, RLENGTH)
    value = substr(line, RLENGTH + 1)
    sub(/^[ \t]+/, "", value)
    if (value != "" && value !~ /^[=#]/) refuse("write NAME=value")
    if (name ~ /[^A-Za-z0-9_.-]/) refuse("a name has letters, digits, _, . and - only")
    if (value == "") next # a name alone gives it no value
    if (value ~ /^#/) refuse("no comment can follow a name without a value")
    sub(/^=[ \t]*/, "", value)
    first = substr(value, 1, 1)
    if (first == "'") single_quoted(value)
    else if (first == "\"") double_quoted(value)
    else unquoted(value)
    if (rest !~ /^[ \t]*(#.*)?$/) refuse("nothing but a comment can follow a closing quote")
    print name "=" text
}

# Runs one engine, and ends it when its owner is gone. See process.rs.
#
#   stdin        the lifeline: a pipe that only the owner writes to. A line names a signal for the engine. When the owner
#                ends, however it ends, the pipe closes.
#   $1           the engine's directory: it runs there
#   $2           the same as a pattern of find, quoted
#   $3           its log
#   $4 ...       the engine and its arguments
#
# Exits as the engine does, after everything that came of it has ended.
directory=$1 pattern=$2 log=$3
shift 3
exec 3<&0 </dev/null >>"$log" 2>&1

# In a session and process group of its own, so that a signal reaches what it started.
(cd "$directory" && exec setsid "$@") 3<&- &
engine=$!

(
    while read -r signal <&3; do
        kill -s "$signal" "$engine"
        [ "$signal" != KILL ] || kill -s KILL -- "-$engine"
    done
    kill -s KILL "$engine"
    kill -s KILL -- "-$engine"
) 2>/dev/null &
lifeline=$!

wait "$engine"
ended=$?
kill "$lifeline" 2>/dev/null
kill -s KILL -- "-$engine" 2>/dev/null

# Some leave the group (children of PostgreSQL and of Erlang). They are told by running in the engine's directory without
# a terminal: who has one is somebody who looks around.
strays() {
    find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' \
        \( -lname "$pattern" -o -lname "$pattern (deleted)" -o -lname "$pattern/*" \) 2>/dev/null |
        while read -r link; do
            process=${link#/proc/}
            process=${process%/cwd}
            read -r stat 2>/dev/null <"/proc/$process/stat" || continue
            # After the name, which may hold anything: state, parent, group, session, terminal.
            set -- ${stat##*) }
            [ "$5" != 0 ] || echo "$process"
        done
}
tries=0
while
    left=$(strays)
    [ -n "$left" ] && [ "$tries" -lt 200 ]
do
    kill -s KILL $left 2>/dev/null
    tries=$((tries + 1))
done
exit "$ended"

# shellcheck shell=sh
# Sourced by containers.sh, and by bases, which a bundle brings along; both set $project.

# The options of every container that a script runs or creates by itself, on no network unless $1
# names one. What they stand in front of is a stranger's image, or reads a stranger's files.
contained() {
    # shellcheck disable=SC2154 # set by who sources this
    echo "--pull never --label memlab=helper --label memlab.project=$project --label memlab.shell=$project-$$" \
        "--network ${1:-none}" \
        "--user ${LAB_UID:-1000}:${LAB_GID:-1000} --cap-drop ALL --security-opt no-new-privileges" \
        "--read-only --tmpfs /tmp:size=64m --pids-limit 256 --memory 1g --memory-swap 1g" \
        "--ulimit fsize=1073741824"
}

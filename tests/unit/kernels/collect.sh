#!/bin/sh
# Prints what the lab reads of /proc and /sys on this machine, of a process and of its children:
#     sh collect.sh PID > NAME.txt
# `==> NAME <==` is followed by a file's text; `==- NAME -==` is one that nobody may write, and
# `==! NAME !==` one that cannot be read. Needs nothing but a shell, cat, grep, sed and ls.
set -u
pid=$1

show() {
    [ -f "$1" ] || return 0
    if text=$(cat "$1" 2>/dev/null); then
        case $(ls -l "$1") in
            -r--r--r--*) case $1 in */smp_affinity_list) printf '==- %s -==\n%s\n' "$1" "$text"; return ;; esac ;;
        esac
        printf '==> %s <==\n%s\n' "$1" "$text"
    else
        printf '==! %s !==\n' "$1"
    fi
}

process() {
    for name in stat status cgroup smaps_rollup; do show "/proc/$1/$name"; done
    [ -e "/proc/$1/clear_refs" ] && printf '==> %s <==\n\n' "/proc/$1/clear_refs"
    for task in /proc/"$1"/task/*; do
        show "$task/status"
        show "$task/children"
    done
    for other in /proc/[0-9]*; do
        # Its parent is the second field behind the command's bracket.
        fields=$(sed 's/.*) //' "$other/stat" 2>/dev/null) || continue
        # shellcheck disable=SC2086
        set -- "$1" $fields
        [ "${3-}" = "$1" ] && [ "${other#/proc/}" != $$ ] && process "${other#/proc/}"
    done
}

for name in stat interrupts loadavg uptime meminfo cmdline pressure/cpu pressure/memory \
    pressure/io sys/kernel/nmi_watchdog sys/kernel/randomize_va_space sys/kernel/random/boot_id \
    sys/net/ipv4/ip_local_port_range sys/net/ipv4/ip_local_reserved_ports self/cgroup; do
    show "/proc/$name"
done
printf '==> /proc/self/mountinfo <==\n'
grep -E ' - cgroup2? ' /proc/self/mountinfo
printf '==> /proc/vmstat <==\n'
grep -E '^(nr_free_pages|pgpgin|pgpgout|pswpin|pswpout) ' /proc/vmstat
printf '==> /proc/cpuinfo <==\n'
grep -Ev '^(flags|vmx flags|Features|bugs|bogomips|BogoMIPS|address sizes|power management)' /proc/cpuinfo
grep -E -m 1 '^(flags|Features)' /proc/cpuinfo
for irq in /proc/irq/[0-9]*; do
    # What has a device has a folder of its name.
    for device in "$irq"/*/; do
        [ -d "$device" ] || continue
        show "$irq/smp_affinity_list"
        show "$irq/effective_affinity_list"
        break
    done
done
for name in online present possible isolated nohz_full smt/control smt/active \
    intel_pstate/no_turbo cpufreq/boost; do
    show "/sys/devices/system/cpu/$name"
done
for file in /sys/devices/system/cpu/cpu[0-9]*/online \
    /sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list \
    /sys/devices/system/cpu/cpu[0-9]*/topology/core_cpus_list \
    /sys/devices/system/cpu/cpu[0-9]*/cpufreq/* \
    /sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/*_count \
    /sys/devices/system/cpu/cpufreq/policy[0-9]*/boost \
    /sys/devices/system/node/node[0-9]*/cpulist \
    /sys/devices/system/clocksource/clocksource0/current_clocksource \
    /sys/devices/system/clocksource/clocksource0/available_clocksource \
    /sys/kernel/mm/transparent_hugepage/enabled /sys/class/dmi/id/sys_vendor \
    /sys/class/dmi/id/product_name /sys/firmware/devicetree/base/model /sys/hypervisor/type; do
    show "$file"
done
process "$pid"
for file in /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/cgroup.type \
    /sys/fs/cgroup/*/cgroup.events /sys/fs/cgroup/*/cpuset.cpus.effective; do
    show "$file"
done
# The cgroup of the process, in whatever hierarchies there are, with all levels above it.
cut -d: -f3 "/proc/$pid/cgroup" | sort -u | while read -r group; do
    while :; do
        for mount in /sys/fs/cgroup /sys/fs/cgroup/*; do
            folder=${mount}${group%/}
            [ -e "$folder/cgroup.procs" ] || continue
            for name in cgroup.procs cpu.stat cpu.max cpu.cfs_quota_us cpu.cfs_period_us \
                cpuacct.usage cpu.pressure memory.pressure io.pressure memory.current memory.peak \
                memory.usage_in_bytes memory.max_usage_in_bytes memory.events pids.max pids.events \
                cpuset.cpus cpuset.cpus.effective; do
                [ "$name $group" = "cgroup.procs /" ] && continue
                show "$folder/$name"
            done
        done
        case $group in /?*) group=${group%/*} ;; *) break ;; esac
    done
done | awk '/^==/ { shown = !seen[$0]++ } shown'

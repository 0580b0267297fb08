# Sourced by .ci/run and .ci/nightly: runs steps one after the other, tells how long each took, shows the output of those that fail, and counts.
#
# The count: a step that runs ctest counts as its tests, any other step as one. A skipped test is a failed one here: CI has all data, so a skip hides something.

passed=0
failed=0
logs=build/ci
mkdir -p "$logs"

# The parameters of all following functions: NAME COMMAND...
# Runs the command into $log; sets status and seconds.
run_logged() {
  local name=$1
  shift
  log=$logs/${name//[^a-z0-9]/_}.log
  local start=$SECONDS
  status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  seconds=$((SECONDS - start))
}

report() {
  local name=$1 verdict=$2
  printf '%-6s %s (%d min %02d s)%s\n' "$verdict" "$name" $((seconds / 60)) $((seconds % 60)) "${3:+: $3}"
  if [[ $verdict == FAILED ]]; then
    echo "---- the end of $log"
    tail -n 300 "$log"
    echo "----"
  fi
}

# A step that is one check.
check() {
  run_logged "$@"
  if [[ $status -eq 0 ]]; then
    passed=$((passed + 1))
    report "$1" ok
  else
    failed=$((failed + 1))
    report "$1" FAILED "exit code $status"
  fi
}

# A step that runs the tests of a preset: tests PRESET NAME COMMAND...
tests() {
  local preset=$1
  shift
  local xml=build/$preset/ctest.xml
  rm -f "$xml"
  run_logged "$@"
  if [[ ! -f $xml ]]; then
    failed=$((failed + 1))
    report "$1" FAILED "no tests ran, exit code $status"
    return
  fi
  local total failures skipped inner
  total=$(suite_count "$xml" tests)
  failures=$(suite_count "$xml" failures)
  skipped=$(($(suite_count "$xml" skipped) + $(suite_count "$xml" disabled)))
  # A skip inside a GoogleTest binary leaves the binary, and so the ctest test, passed.
  inner=$(grep -cE '^\[  SKIPPED \] .* \([0-9]+ ms\)$' "build/$preset/Testing/Temporary/LastTest.log" || true)
  local bad=$((failures + skipped + inner))
  if [[ $bad -eq 0 && $status -ne 0 ]]; then
    bad=1
  fi
  passed=$((passed + total - failures - skipped))
  failed=$((failed + bad))
  if [[ $bad -eq 0 ]]; then
    report "$1" ok "$total tests"
  else
    if [[ $((skipped + inner)) -gt 0 ]]; then
      local reasons
      reasons=$(grep -hE '(Skipped|Not Run)|^\[  SKIPPED \] .* \([0-9]+ ms\)$|: Skipped' "$log" \
        "build/$preset/Testing/Temporary/LastTest.log" | sort -u)
      printf 'Skipped, which counts as failed here:\n%s\n' "$reasons" >>"$log"
    fi
    report "$1" FAILED "of $total tests $failures failed, $((skipped + inner)) skipped, exit code $status"
  fi
}

# The preset release, or some targets of it. GCC sees some faults only when it optimises, and a build for users does not stop at a warning.
build_release() {
  scripts/build release "$@" || return
  if grep -q 'warning:' "$log"; then
    echo "The release build has warnings."
    return 1
  fi
}

# An attribute of the <testsuite> of a JUnit report.
suite_count() {
  sed -n "/<testsuite /,/>/{s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p}" "$1" | head -n 1 | grep . || echo 0
}

# The last line of all output, and the exit code.
finish() {
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}

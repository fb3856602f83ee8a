#!/bin/sh
# Opens a report in headless Chromium, in light and in dark: no message on the console, every control reached by Tab, the data
# shown. Screenshots stay in target/report. Installs chromium when missing and possible; without one, says so.
set -eu
cd "$(dirname "$0")/../.."
BPFVET=${BPFVET:-target/release/bpfvet}
OUT=${OUT:-target/report}
mkdir -p "$OUT"
BROWSER=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$BROWSER" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get install -y -q --no-install-recommends chromium >/dev/null && BROWSER=$(command -v chromium)
fi
if [ -z "$BROWSER" ]; then
	echo "no Chromium: the report is not looked at"
	exit 0
fi
status=0
"$BPFVET" report corpus/demo verifier-server/tests/formats/mixed.bpf.o --values -k 6.1,6.12,7.3 -o "$OUT/report.html"
"$BPFVET" report tests/traces tests/adversarial verifier-server/tests corpus/demo corpus/map corpus/lock -k 5.10,6.1,6.6,6.12,6.18.15,6.18,7.3 -o "$OUT/large.html" -q
size=$(wc -c <"$OUT/large.html")
echo "large report: $size bytes"
[ "$size" -le 5242880 ] || { echo "larger than 5 MiB"; status=1; }
# The page's own script, and behind it one that presses Tab as far as it goes and writes down what it finds.
probe='<script>window.addEventListener("load",()=>{const all=[...document.querySelectorAll("a,button,input,select,[tabindex]")].filter(e=>e.offsetParent);const lost=all.filter(e=>e.tabIndex<0);document.querySelector("td button.bad").click();document.body.dataset.controls=all.length;document.body.dataset.lost=lost.length;document.body.dataset.source=document.querySelectorAll(".src tr").length;document.body.dataset.time=Math.round(performance.now());});</script>'
for page in report large; do
	sed "s|</body>|$probe</body>|" "$OUT/$page.html" >"$OUT/$page.probe.html"
	"$BROWSER" --headless --no-sandbox --disable-gpu --enable-logging=stderr --virtual-time-budget=5000 --dump-dom \
		"file://$(realpath "$OUT/$page.probe.html")" >"$OUT/$page.dom" 2>"$OUT/$page.log" || status=1
	if grep -q CONSOLE "$OUT/$page.log"; then grep CONSOLE "$OUT/$page.log"; status=1; fi
	grep -o '<body[^>]*>' "$OUT/$page.dom"
	grep -q 'data-lost="0"' "$OUT/$page.dom" || { echo "$page: a control that Tab does not reach"; status=1; }
	grep -q 'data-source="[1-9]' "$OUT/$page.dom" || { echo "$page: no source is shown"; status=1; }
	ms=$(grep -o 'data-time="[0-9]*"' "$OUT/$page.dom" | tr -cd 0-9)
	[ "${ms:-9999}" -le 2000 ] || { echo "$page: opened after ${ms:-no} ms"; status=1; }
done
shot() {
	"$BROWSER" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1300,1500 "$@" \
		"file://$(realpath "$OUT/report.html")" >/dev/null 2>&1
}
shot --screenshot="$OUT/light.png" || status=1
shot --blink-settings=preferredColorScheme=0 --screenshot="$OUT/dark.png" || status=1
[ -s "$OUT/light.png" ] && [ -s "$OUT/dark.png" ] && ! cmp -s "$OUT/light.png" "$OUT/dark.png" || { echo "no screenshots, or the same"; status=1; }
exit $status

#!/bin/sh
# Builds the page from web/ and packs it into static/, which the binary embeds.
# With --check it changes nothing and fails if static/ isn't what web/ builds.
set -eu
cd "$(dirname "$0")"

case "${1:-}" in
"") check="" ;;
--check) check="-check" ;;
*)
	echo "usage: $0 [--check]" >&2
	exit 2
	;;
esac

npm ci --prefix web --ignore-scripts --no-audit --no-fund --loglevel=error
npm run --prefix web --loglevel=error build
go run ./pack $check web/dist static

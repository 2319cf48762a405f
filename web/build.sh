#!/bin/sh
# Builds dist/ with the locked npm packages if a source is newer than the last build. If it cannot, it prints
# the reason and the remedy and exits with 0, so that everything else still works.
cd "$(dirname "$0")" || exit 1

leave_out() {
    echo "left out: the sample page and its browser tests, because $1"
    exit 0
}

if [ -f dist/.built ] && [ -z "$(find . \( -path ./node_modules -o -path ./dist \) -prune -o -type f -newer dist/.built -print | head -n 1)" ]; then
    exit 0
fi
command -v npm >/dev/null 2>&1 || leave_out "npm is not installed (install Node.js 20 or later)"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' ||
    leave_out "this Node.js is too old (install version 20 or later)"
echo "make: installing the sample page's npm packages into web/node_modules"
npm ci --no-audit --no-fund --loglevel=error >/dev/null || leave_out "npm could not install its packages (see above)"
echo "make: building the sample page"
npm run --silent build -- --logLevel warn || exit 1
touch dist/.built

#!/bin/sh
exec node "$(dirname "$0")/pseudo.test.mjs"

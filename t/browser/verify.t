#!/bin/sh
exec node "$(dirname "$0")/verify.test.mjs"

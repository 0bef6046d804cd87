#!/bin/sh
exec node "$(dirname "$0")/large.test.mjs"

#!/bin/sh
exec node "$(dirname "$0")/ways.test.mjs"

#!/bin/sh
exec node "$(dirname "$0")/bakery.test.mjs"

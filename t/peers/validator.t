#!/bin/sh
exec node "$(dirname "$0")/validator.test.mjs"

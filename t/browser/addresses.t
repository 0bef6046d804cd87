#!/bin/sh
exec node "$(dirname "$0")/addresses.test.mjs"

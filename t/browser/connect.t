#!/bin/sh
exec node "$(dirname "$0")/connect.test.mjs"

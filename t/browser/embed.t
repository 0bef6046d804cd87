#!/bin/sh
exec node "$(dirname "$0")/embed.test.mjs"

#!/bin/sh
# The book, an order, the same order found again, its end: over the Unix socket, with the cookie.
# Usage: sh orders.sh DATADIR MARKET, such as: sh orders.sh .curb/trader-1 WETH/USDC
set -eu
datadir=$1
market=$2
name=hello-$$

call() {
  curl -sS --unix-socket "$datadir/curbd.sock" http://localhost/ \
    -H 'content-type: application/json' \
    -H "authorization: Bearer $(cat "$datadir/.cookie")" \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}"
  echo
}

order="{\"market\":\"$market\",\"amount\":\"0.1\",\"price\":\"1000\",\"clientOrderId\":\"$name\"}"

call public/get_order_book "{\"market\":\"$market\",\"depth\":5}"
call private/buy "$order"
# No answer came? The same call again finds the same order.
call private/buy "$order"
call private/cancel_by_client_id "{\"clientOrderId\":\"$name\"}"

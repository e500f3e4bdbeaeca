/** The tokens and the one market of venues that tests and benches make: a lot is 100 quanta of
 * BASE, a tick one quantum of QUOTE per lot. */
export const ONE_MARKET = {
  tokens: [
    { symbol: 'BASE', address: '0x' + 'a'.repeat(40), decimals: 18, quantum: '1000000000' },
    { symbol: 'QUOTE', address: '0x' + 'b'.repeat(40), decimals: 6, quantum: '1' }
  ],
  markets: [
    {
      symbol: 'BASE/QUOTE',
      base: 'BASE',
      quote: 'QUOTE',
      lotSize: 100,
      tickValue: 1,
      limits: { priceMaxTicks: 1_000_000, quantityMaxLots: 1_000_000 }
    }
  ]
}

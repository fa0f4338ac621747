/** There a card is drawn once and never changes. */
export const onServer = typeof document === 'undefined';

import { page } from '../../card.ts';

export const load = () => ({ page: { ...page, now: new Date().toISOString() } });

import { crossPacked } from '#engine/card';
import { page } from '../../card.ts';

export const load = () => ({ page: crossPacked({ ...page, now: new Date().toISOString() }) });

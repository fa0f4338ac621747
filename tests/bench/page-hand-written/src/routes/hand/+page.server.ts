import { rows } from '../../rows.ts';

export const load = () => ({ rows });

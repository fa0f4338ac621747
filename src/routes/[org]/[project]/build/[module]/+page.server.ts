import { builderOf } from '../builder.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => builderOf(event);

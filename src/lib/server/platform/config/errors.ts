import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({ CONFIG_INVALID: 'invalid_argument' });

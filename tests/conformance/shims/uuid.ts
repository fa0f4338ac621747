// What the foreign suite wants of the package `uuid`.
export const v4 = (): string => crypto.randomUUID();

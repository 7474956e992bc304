import { lazy, Suspense, type ComponentType, type ReactNode } from 'react';

/**
 * Returns a component whose file is loaded when it is first shown: a drawer or dialog that its page does not need at
 * once. While it loads, another element can be shown instead.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile?: ReactNode,
): ComponentType<Props> {
  // The loaded component has the same properties, but the type of `lazy` cannot express that for all of them.
  const Loaded = lazy(async () => ({ default: await load() })) as unknown as ComponentType<Props>;
  return function Later(props: Props) {
    return (
      <Suspense fallback={meanwhile}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}

import { useEffect } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { LastRequests } from './LastRequests.tsx'
import { Moment } from './Moment.tsx'
import { anything, counts, filter, known, selected, world } from './model.ts'
import { PartPanel } from './PartPanel.tsx'
import { followWorld } from './stream.ts'
import { Timeline } from './Timeline.tsx'
import { SHAPES, shape } from './view.ts'
import { WorldMap } from './WorldMap.tsx'
import { WorldTable } from './WorldTable.tsx'
import { WorldTree } from './WorldTree.tsx'

/** The learner's cloud, live: as a map, a tree or a table, with a filter, and more of what is chosen. */
export function WorldView() {
  useEffect(followWorld, [])
  const { good, waiting, bad } = counts.value
  return (
    <>
      <div class="world-bar">
        <fieldset class="shapes">
          <legend class="visually-hidden">{t.world.shapes}</legend>
          {SHAPES.map((name) => (
            <button
              key={name}
              type="button"
              class="button small shape"
              aria-pressed={shape.value === name}
              onClick={() => {
                shape.value = name
              }}
            >
              {t.world.shape[name]}
            </button>
          ))}
        </fieldset>
        <search>
          <input
            type="search"
            aria-label={t.world.filter}
            placeholder={t.world.filter}
            value={filter.value.text}
            onInput={({ currentTarget }) => {
              filter.value = { ...filter.value, text: currentTarget.value }
            }}
          />
        </search>
        <label class="troubled">
          <input
            type="checkbox"
            checked={filter.value.troubled}
            onChange={({ currentTarget }) => {
              filter.value = { ...filter.value, troubled: currentTarget.checked }
            }}
          />
          {t.world.troubled}
        </label>
        <Moment />
        <p class="counts">
          <span class="state good">{t.world.counts.good(good)}</span>
          <span class={`state ${waiting ? 'waiting' : 'off'}`}>{t.world.counts.waiting(waiting)}</span>
          <span class={`state ${bad ? 'bad' : 'off'}`}>{t.world.counts.bad(bad)}</span>
        </p>
      </div>
      <div class={`world-body ${selected.value ? 'with-part' : ''}`}>
        {!known.value ? (
          <p class="pane-empty">{t.connection.connecting}</p>
        ) : world.value.length === 0 ? (
          <p class="pane-empty">{anything.value ? t.world.nothing : t.world.empty}</p>
        ) : (
          { map: <WorldMap />, tree: <WorldTree />, table: <WorldTable />, timeline: <Timeline /> }[
            shape.value
          ]
        )}
        {shape.value !== 'timeline' && <PartPanel />}
      </div>
      {shape.value !== 'timeline' && <LastRequests />}
    </>
  )
}

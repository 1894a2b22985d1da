//! A graph -> where its boxes and lines are.
//!
//! Groups are bands, and a callee stands in a column to the right of its callers. Between columns are channels, and between bands corridors: lines run there and
//! nowhere else, each caller on a lane of its own, so that no line crosses a text and none runs upon another caller's. Where a line ends at a callee, those of all
//! callers meet, which dots show.

use super::{Graph, Sort};
use std::collections::{BTreeMap, BTreeSet};

/// Distances are multiples of this many pixels. Lines leave boxes at a multiple, and enter them between two multiples: they never lie upon each other.
pub(super) const UNIT: usize = 8;

/// The height of a line of text.
pub(super) const ROW: usize = 2 * UNIT;

/// About how wide a letter is, in tenths of a pixel: of a title, and of another text.
const TITLE: usize = 78;
const TEXT: usize = 64;

/// The most letters in a line of a box, and the most lines of details.
const LETTERS: usize = 34;
const DETAILS: usize = 3;

/// The space above the first corridor.
const TOP: usize = 6 * UNIT;

/// The places of everything.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) width: usize,
    /// The height without the legend.
    pub(super) height: usize,
    pub(super) bands: Vec<Band>,
    pub(super) boxes: Vec<Shape>,
    pub(super) callers: Vec<Caller>,
    pub(super) arrows: Vec<Arrow>,
}

/// The stretch of a group.
#[derive(Debug, Default)]
pub(super) struct Band {
    pub(super) y: usize,
    pub(super) height: usize,
}

/// The box of a node.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Its lines of text: the title, the details, and the ports at which it is called.
    pub(super) title: String,
    pub(super) details: Vec<String>,
    pub(super) ports: Vec<String>,
}

/// The lines of a caller: horizontal and vertical ones, each from one end to the other.
#[derive(Debug)]
pub(super) struct Caller {
    /// The number of its node.
    pub(super) node: usize,
    pub(super) lines: Vec<[(usize, usize); 2]>,
}

/// The end of the lines to a port of a callee.
#[derive(Debug)]
pub(super) struct Arrow {
    /// The number of the callee's node.
    pub(super) node: usize,
    pub(super) y: usize,
    /// Where it enters the box.
    pub(super) x: usize,
    /// Where each caller's line joins it, by the number of its node, the leftmost first.
    pub(super) joints: Vec<(usize, usize)>,
}

/// A text that fits a box.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['\u{2026}']).collect()
}

fn long(text: &str, letter: usize) -> usize {
    text.chars().count() * letter / 10
}

fn up(length: usize) -> usize {
    length.div_ceil(UNIT) * UNIT
}

/// The details of a node that are shown.
fn shown(details: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = details.iter().take(DETAILS).map(|line| short(line)).collect();
    if details.len() > DETAILS {
        lines.truncate(DETAILS - 1);
        lines.push(format!("and {} more", details.len() - lines.len()));
    }
    lines
}

/// Places everything. `labels` are the lines at the left of each group. Every edge has two different ends among the nodes.
pub(super) fn plan(graph: &Graph, labels: &[Vec<String>]) -> Plan {
    let number = |name: &str| graph.nodes.iter().position(|node| node.name == name);
    let edges: Vec<(usize, usize, String)> =
        graph.edges.iter().filter_map(|edge| Some((number(&edge.from)?, number(&edge.to)?, edge.ports.join(", ")))).collect();
    let columns = columns(graph, &edges);
    let mut plan = Plan { boxes: graph.nodes.iter().map(|node| shape(&node.title, &node.details)).collect(), ..Plan::default() };
    for (_, to, ports) in &edges {
        let shape = &mut plan.boxes[*to];
        let ports = short(ports);
        if !shape.ports.contains(&ports) {
            shape.ports.push(ports);
        }
    }
    let routes = Routes::new(graph, &edges, &columns);
    plan.across(&columns, &routes, labels);
    plan.down(graph, &columns, &routes, labels);
    plan.draw(&edges, &columns, &routes, graph);
    plan
}

fn shape(title: &str, details: &[String]) -> Shape {
    Shape { title: short(title), details: shown(details), ..Shape::default() }
}

/// The column of each node: to the right of all its callers. Of a circle of callers, the first one comes first.
fn columns(graph: &Graph, edges: &[(usize, usize, String)]) -> Vec<usize> {
    let has_entrances = graph.nodes.iter().any(|node| node.kind == Sort::Entrance);
    let start = |kind: Sort| usize::from(has_entrances && kind != Sort::Entrance);
    let mut columns: Vec<usize> = graph.nodes.iter().map(|node| start(node.kind)).collect();
    let mut callers: Vec<usize> = vec![0; columns.len()];
    let mut called: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
    for (from, to, _) in edges {
        callers[*to] += 1;
        called[*from].push(*to);
    }
    let mut left: BTreeSet<usize> = (0..columns.len()).collect();
    let mut free: BTreeSet<usize> = left.iter().copied().filter(|node| callers[*node] == 0).collect();
    while let Some(node) = free.pop_first().or_else(|| left.first().copied()) {
        left.remove(&node);
        for to in &called[node] {
            callers[*to] = callers[*to].saturating_sub(1);
            if left.contains(to) {
                columns[*to] = columns[*to].max(columns[node] + 1);
                if callers[*to] == 0 {
                    free.insert(*to);
                }
            }
        }
    }
    columns
}

/// Who has a lane where.
#[derive(Debug, Default)]
struct Routes {
    /// The callers in the channel to the left of each column.
    channels: BTreeMap<usize, Vec<usize>>,
    /// The callers in the corridor above each group.
    corridors: BTreeMap<usize, Vec<usize>>,
}

impl Routes {
    fn new(graph: &Graph, edges: &[(usize, usize, String)], columns: &[usize]) -> Routes {
        let mut routes = Routes::default();
        let add = |lanes: &mut BTreeMap<usize, Vec<usize>>, at: usize, node: usize| {
            let lane = lanes.entry(at).or_default();
            if !lane.contains(&node) {
                lane.push(node);
            }
        };
        for (from, to, _) in edges {
            let (start, end) = (columns[*from] + 1, columns[*to]);
            add(&mut routes.channels, start, *from);
            if start != end {
                add(&mut routes.corridors, graph.nodes[*to].group, *from);
                add(&mut routes.channels, end, *from);
            }
        }
        routes
    }

    fn lane(lanes: &BTreeMap<usize, Vec<usize>>, at: usize, node: usize) -> usize {
        lanes.get(&at).and_then(|lane| lane.iter().position(|other| *other == node)).unwrap_or_default()
    }

    fn lanes(lanes: &BTreeMap<usize, Vec<usize>>, at: usize) -> usize {
        lanes.get(&at).map_or(0, Vec::len)
    }
}

impl Plan {
    /// Places columns and channels.
    fn across(&mut self, columns: &[usize], routes: &Routes, labels: &[Vec<String>]) {
        let label = labels.iter().flatten().map(|line| long(line, TITLE)).max().unwrap_or(0);
        let mut x = up(label) + 4 * UNIT;
        let count = columns.iter().max().map_or(0, |last| last + 1);
        for column in 0..count {
            x += channel(routes, column);
            let inside = || self.boxes.iter().zip(columns).filter(|(_, own)| **own == column).map(|(shape, _)| shape);
            let width = |shape: &Shape| {
                let lines = shape.details.iter().chain(&shape.ports).map(|line| long(line, TEXT));
                lines.chain([long(&shape.title, TITLE)]).max().unwrap_or(0)
            };
            let width = up(inside().map(width).max().unwrap_or(0)) + 4 * UNIT;
            for (shape, _) in self.boxes.iter_mut().zip(columns).filter(|(_, own)| **own == column) {
                (shape.x, shape.width) = (x, width);
            }
            x += width;
        }
        // A caller in the last column leads to the left through the channel behind it.
        self.width = x + channel(routes, count) + UNIT;
    }

    /// Places groups and corridors.
    fn down(&mut self, graph: &Graph, columns: &[usize], routes: &Routes, labels: &[Vec<String>]) {
        let mut y = TOP;
        for (group, label) in labels.iter().enumerate() {
            y += corridor(routes, group);
            let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
            for (at, shape) in self.boxes.iter_mut().enumerate().filter(|(at, _)| graph.nodes[*at].group == group) {
                let end = ends.entry(columns[at]).or_insert(y + 2 * UNIT);
                shape.y = *end;
                shape.height = ROW * (1 + shape.details.len() + shape.ports.len()) + ROW;
                *end += shape.height + 2 * UNIT;
            }
            let text = y + ROW * label.len() + 3 * UNIT;
            let end = ends.values().copied().max().unwrap_or(y).max(text);
            self.bands.push(Band { y, height: end - y });
            y = end;
        }
        self.height = y + 2 * UNIT;
    }

    fn draw(&mut self, edges: &[(usize, usize, String)], columns: &[usize], routes: &Routes, graph: &Graph) {
        let mut ends: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        let mut joints: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
        for (from, to, ports) in edges {
            let y = self.entry(*to, &short(ports));
            let x = self.lane(routes, columns[*to], *from, columns);
            ends.entry(*from).or_default().push((*to, y));
            let joints = joints.entry((*to, y)).or_default();
            if !joints.contains(&(x, *from)) {
                joints.push((x, *from));
            }
        }
        for (node, targets) in ends {
            let shape = &self.boxes[node];
            let out = shape.y + 2 * UNIT;
            let start = columns[node] + 1;
            let x = self.lane(routes, start, node, columns);
            // The heights at which lines leave each of its lanes, and how far each of its corridors is used.
            let mut lanes: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::from([(x, BTreeSet::from([out]))]);
            let mut corridors: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for (to, y) in targets {
                let end = self.lane(routes, columns[to], node, columns);
                lanes.entry(end).or_default().insert(y);
                if columns[to] != start {
                    let group = graph.nodes[to].group;
                    let top = self.bands[group].y - corridor(routes, group);
                    let height = top + UNIT * (1 + Routes::lane(&routes.corridors, group, node));
                    corridors.entry(height).or_default().extend([x, end]);
                    [x, end].into_iter().for_each(|lane| _ = lanes.entry(lane).or_default().insert(height));
                }
            }
            let mut lines = vec![[(shape.x + shape.width, out), (x, out)]];
            let span = |all: &BTreeSet<usize>| Some((*all.first()?, *all.last()?));
            lines.extend(lanes.iter().filter_map(|(x, all)| span(all).map(|(first, last)| [(*x, first), (*x, last)])));
            lines.extend(corridors.iter().filter_map(|(y, all)| span(all).map(|(first, last)| [(first, *y), (last, *y)])));
            lines.retain(|[start, end]| start != end);
            self.callers.push(Caller { node, lines });
        }
        for ((node, y), mut joints) in joints {
            joints.sort_unstable();
            self.arrows.push(Arrow { node, y, x: self.boxes[node].x, joints });
        }
    }

    /// The height at which lines to some ports of a node end.
    fn entry(&self, node: usize, ports: &str) -> usize {
        let shape = &self.boxes[node];
        let row = 1 + shape.details.len() + shape.ports.iter().position(|own| own == ports).unwrap_or_default();
        shape.y + UNIT + ROW * row + UNIT + UNIT / 2
    }

    /// The place of a caller's lane in a channel.
    fn lane(&self, routes: &Routes, column: usize, node: usize, columns: &[usize]) -> usize {
        let left = self.boxes.iter().zip(columns).find(|(_, own)| **own == column).map(|(shape, _)| shape.x - channel(routes, column));
        // Behind the last column.
        let left = left.unwrap_or(self.width - UNIT - channel(routes, column));
        left + UNIT * (2 + Routes::lane(&routes.channels, column, node))
    }
}

/// The width of the channel to the left of a column.
fn channel(routes: &Routes, column: usize) -> usize {
    match Routes::lanes(&routes.channels, column) {
        0 => 2 * UNIT,
        lanes => UNIT * (lanes + 5),
    }
}

/// The height of the corridor above a group.
fn corridor(routes: &Routes, group: usize) -> usize {
    UNIT * (Routes::lanes(&routes.corridors, group) + 2)
}

/// What the empty scene looks like, cell by cell, and how much each cell flickers by itself. Learns only from cells that show the background;
/// what stands in front is kept out until it has not moved for a minute.
struct BackgroundModel: Sendable {
    /// Cells that differ from the background by more than they flicker.
    private(set) var foreground: [Bool]
    /// Share of such cells, 0…1.
    private(set) var share = 0.0
    /// The light of the present picture against the background.
    private(set) var light = LightChange.unchanged

    private let columns: Int
    private let rows: Int
    private let threshold: Float
    private var background: [Float]
    /// Mean absolute deviation per cell, levels.
    private var noise: [Float]
    private var previous: [Float]
    /// How long each foreground cell has not changed, seconds.
    private var still: [Float]
    private var raw: [Bool]
    /// Seconds since the model began.
    private var age: Float = 0
    private var pictures = 0

    /// The first half second is for learning.
    static let learning: Float = 0.5
    /// Background is relearnt with this time constant, seconds: fast enough for a cloud, too slow to swallow a person in passing.
    private static let backgroundSeconds: Float = 4
    private static let noiseSeconds: Float = 3
    /// How many deviations a cell must differ by.
    private static let noiseFactor: Float = 4
    private static let minimumNoise: Float = 0.5
    /// What does not move for so long, seconds, belongs to the scene: a parked car, a chair that was moved.
    private static let absorbSeconds: Float = 60
    /// Changes below this, levels, are stillness.
    private static let stillLevel: Float = 3
    /// How far around an object the background is guarded, cells, and how much of the usual rate remains there.
    private static let guardedReach = 3
    private static let guardedShare: Float = 0.05
    /// More than this share at once is the scene's own change: the camera was turned, the light went out.
    static let massChange = 0.5

    /// - Parameters:
    ///   - first: The first picture; taken as background until more is known.
    ///   - threshold: Levels a cell must differ by, above its own flicker.
    init(first: LumaGrid, threshold: Float) {
        columns = first.columns
        rows = first.rows
        self.threshold = threshold
        let count = first.values.count
        background = first.values
        previous = first.values
        noise = [Float](repeating: 2, count: count)
        still = [Float](repeating: 0, count: count)
        foreground = [Bool](repeating: false, count: count)
        raw = foreground
    }

    var isLearning: Bool { age < Self.learning }

    /// Compares the next picture with the background: finds the light and the foreground. `learn` must follow.
    mutating func compare(_ grid: LumaGrid) {
        light = LightChange.estimate(background: background, present: grid.values, isHidden: foreground)
        for index in background.indices {
            background[index] = min(max(light.apply(background[index]), 0), 255)
            raw[index] = abs(grid.values[index] - background[index]) > Self.noiseFactor * noise[index] + threshold
        }
        markForeground()
    }

    /// Learns from the picture just compared, `seconds` after the one before.
    /// - Parameter objects: Cells of objects. In and around them the background is hardly learnt: those parts of an object that happen to be
    ///   as bright as the background would otherwise sink in and stay behind as a ghost when it goes.
    mutating func learn(_ grid: LumaGrid, seconds: Float, objects: [Bool]) {
        let learning = isLearning
        let isMassChange = share > Self.massChange
        let lightStep = medianStep(to: grid.values)
        let steady = 1 - exp(-seconds / Self.backgroundSeconds)
        let rate = learning ? max(steady, 1 / Float(pictures + 2)) : steady
        let noiseRate: Float = learning ? 0.2 : 1 - exp(-seconds / Self.noiseSeconds)
        let guarded = learning ? [] : surroundings(of: objects)
        for index in background.indices {
            let value = grid.values[index]
            let deviation = value - background[index]
            if isMassChange {
                background[index] = value
                still[index] = 0
            } else if foreground[index] {
                let moved = abs(value - previous[index] - lightStep)
                still[index] = moved < Self.stillLevel ? still[index] + seconds : max(0, still[index] - 2 * seconds)
                if still[index] > Self.absorbSeconds { background[index] += rate * deviation }
                if learning { noise[index] += noiseRate * (abs(deviation) - noise[index]) }
            } else {
                still[index] = 0
                background[index] += (guarded.isEmpty || !guarded[index] ? rate : rate * Self.guardedShare) * deviation
                noise[index] = max(Self.minimumNoise, noise[index] + noiseRate * (abs(deviation) - noise[index]))
            }
        }
        if isMassChange { for index in foreground.indices { foreground[index] = false } }
        previous = grid.values
        age += seconds
        pictures += 1
    }

    /// The cells within `guardedReach` of a marked one; empty if none is marked.
    private func surroundings(of objects: [Bool]) -> [Bool] {
        guard objects.count == background.count, objects.contains(true) else { return [] }
        var wide = [Bool](repeating: false, count: objects.count)
        for row in 0..<rows {
            for column in 0..<columns where objects[row * columns + column] {
                for x in max(0, column - Self.guardedReach)...min(columns - 1, column + Self.guardedReach) { wide[row * columns + x] = true }
            }
        }
        var result = [Bool](repeating: false, count: objects.count)
        for row in 0..<rows {
            for y in max(0, row - Self.guardedReach)...min(rows - 1, row + Self.guardedReach) {
                for column in 0..<columns where wide[y * columns + column] { result[row * columns + column] = true }
            }
        }
        return result
    }

    /// A cell counts if it and at least four of its eight neighbours differ: single cells are noise.
    private mutating func markForeground() {
        var count = 0
        for row in 0..<rows {
            for column in 0..<columns {
                let index = row * columns + column
                guard raw[index] else {
                    foreground[index] = false
                    continue
                }
                var neighbours = 0
                for y in max(0, row - 1)...min(rows - 1, row + 1) {
                    for x in max(0, column - 1)...min(columns - 1, column + 1) where raw[y * columns + x] { neighbours += 1 }
                }
                foreground[index] = neighbours >= 5
                if foreground[index] { count += 1 }
            }
        }
        share = Double(count) / Double(max(1, foreground.count))
    }

    /// The change of light since the last picture, from a sample of cells.
    private func medianStep(to values: [Float]) -> Float {
        var steps: [Float] = []
        steps.reserveCapacity(values.count / 37 + 1)
        for index in stride(from: 0, to: values.count, by: 37) { steps.append(values[index] - previous[index]) }
        steps.sort()
        return steps.isEmpty ? 0 : steps[steps.count / 2]
    }

    /// e^x for small negative x by its series' Padé form; error below 1e-4 for -1…0, and no C library in this folder.
    private func exp(_ x: Float) -> Float {
        let x = max(x, -1)
        return (12 + 6 * x + x * x) / (12 - 6 * x + x * x)
    }
}

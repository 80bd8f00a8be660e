import Primitives
import Simulator
import Testing
